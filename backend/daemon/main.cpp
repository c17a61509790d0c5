// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/log.h"
#include "backend/base/process.h"
#include "backend/daemon/listener.h"
#include "backend/daemon/service.h"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace caisson;
using api::Task;

namespace {

constexpr std::chrono::seconds kIdleLimit(60);
constexpr std::chrono::seconds kLookAround(2);
constexpr int kWrongUse = 2;
constexpr off_t kMaxLog = 4 * 1024 * 1024;

/// Whoever started this program does not listen to its standard error.
void logToFile(const api::Paths& paths)
{
    const std::string path = paths.data + "/caissond.log";
    struct stat status{};
    const bool large = ::stat(path.c_str(), &status) == 0 && status.st_size > kMaxLog;
    UniqueFd file(::open(path.c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (large ? O_TRUNC : 0), 0600));
    if (file)
        setLogFile(std::move(file));
    else
        logWarning("cannot open {}: {}", path, std::strerror(errno));
}

Task<void> acceptClients(daemon::Listener& listener, daemon::Service& service)
{
    for (;;) {
        Result<api::Socket> socket = co_await listener.accept();
        if (socket) {
            const auto executor = socket->get_executor();
            api::spawnDetached(executor, service.serve(std::move(*socket)), "a client");
        } else if (socket.error().code == ErrorCode::Cancelled) {
            co_return;
        } else {
            // Out of descriptors, most likely: others will close theirs.
            logWarning("{}", socket.error().message);
            co_await api::sleepFor(std::chrono::milliseconds(100));
        }
    }
}

/// Returns when there has been no client for a minute, or nobody can come any more.
Task<void> waitIdle(daemon::Listener& listener, daemon::Service& service,
                    const daemon::SecretStore& secrets)
{
    while (co_await api::sleepFor(kLookAround)) {
        const auto idle = std::chrono::steady_clock::now() - service.lastSeen();
        const bool isIdle = service.clients() == 0 && idle >= kIdleLimit;
        if (!listener.isReachable() || (isIdle && !secrets.holdsTheOnlyCopy()))
            co_return;
    }
}

Task<void> leaveWhenIdle(daemon::Listener& listener, daemon::Service& service,
                         daemon::SecretStore& secrets, const api::Paths& paths,
                         api::asio::io_context& context)
{
    co_await waitIdle(listener, service, secrets);
    if (::access(paths.data.c_str(), F_OK) != 0 && errno == ENOENT)
        secrets.clearKeyring(); // nobody can ever ask for them again
    std::vector<api::Socket> late = listener.close();
    logInfo("leaving");
    for (api::Socket& socket : late)
        co_await service.serve(std::move(socket));
    context.stop();
}

int run(const api::Paths& paths)
{
    if (Result<void> made = api::ensureFolders(paths); !made) {
        logFailure("{}", made.error().message);
        return 1;
    }
    logToFile(paths);
    raiseDescriptorLimit();
    forbidCoreDumps();
    ::signal(SIGPIPE, SIG_IGN);
    // Not destroyed: what still waits in it at the end refers to objects that go before it.
    static auto& context = *new api::asio::io_context(1);
    auto listener = daemon::Listener::open(context.get_executor(), paths);
    if (!listener) {
        logFailure("{}", listener.error().message);
        return 1;
    }
    if (!*listener)
        return 0;
    daemon::EventHub events(context.get_executor());
    const char* passphraseFile = std::getenv("CAISSON_PASSPHRASE_FILE");
    daemon::SecretStore secrets(context.get_executor(), paths,
                                {.passphraseFile = passphraseFile ? passphraseFile : ""});
    secrets.load();
    daemon::Sandboxes sandboxes(context.get_executor(), paths, events, secrets);
    secrets.onChange([&](daemon::SecretStore::Change change) {
        events.publish({.type = "secrets.changed"});
        if (change == daemon::SecretStore::Change::Values)
            sandboxes.secretsChanged();
    });
    if (Result<void> loaded = sandboxes.load(); !loaded) {
        logFailure("{}", loaded.error().message);
        return 1;
    }
    daemon::Service service(sandboxes, events, secrets);
    api::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& code, int) {
        if (!code) {
            (*listener)->close();
            context.stop();
        }
    });
    api::spawnDetached(context.get_executor(), acceptClients(**listener, service), "accepting");
    api::spawnDetached(context.get_executor(),
                       leaveWhenIdle(**listener, service, secrets, paths, context), "leaving");
    logInfo("caissond {} serves {}", CAISSON_VERSION, paths.home);
    context.run();
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        CLI::App app{"Serves the sandboxes of this user on this host. Started on demand."};
        std::string home;
        app.set_version_flag("--version", CAISSON_VERSION);
        app.add_option("--home", home, "Caisson's home; else CAISSON_HOME or the XDG folders");
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app.exit(error) == 0 ? 0 : kWrongUse; // --help and --version are none
        }
        const Result<api::Paths> paths = home.empty() ? api::pathsFromEnvironment()
                                                      : Result<api::Paths>(api::pathsForHome(home));
        if (paths)
            return run(*paths);
        logFailure("{}", paths.error().message);
    } catch (const std::exception& error) {
        logFailure("{}", error.what());
    }
    return 1;
}
