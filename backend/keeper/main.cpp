// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/base/files.h"
#include "backend/base/log.h"
#include "backend/base/process.h"
#include "backend/keeper/keeper.h"
#include "backend/keeper/runtime/leftovers.h"
#include "backend/keeper/serve/policy_lock.h"
#include "backend/keeper/serve/stopped.h"
#include "backend/keeper/storage/tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fcntl.h>

using namespace caisson;

namespace {

/// Where caissond puts the listening socket of keeperlink.h.
constexpr int kListeningFd = 3;
/// Where it puts the connection of a request for a sandbox that does not run.
constexpr int kConnectionFd = 3;
constexpr int kWrongUse = 2;

int removeFolder(const std::string& folder)
{
    const Result<keeper::KeeperNamespaces> namespaces = keeper::enterNamespaces();
    const Result<void> removed =
        namespaces ? keeper::removeTree(folder) : std::unexpected(namespaces.error());
    if (!removed)
        logFailure("{}", removed.error().message);
    return removed ? 0 : 1;
}

int clearUp(const api::Paths& paths, const std::string& sandbox)
{
    const Result<void> cleared =
        keeper::removeLeftovers(sandbox, paths.sandbox(sandbox), paths.run);
    if (!cleared)
        logFailure("{}", cleared.error().message);
    return cleared ? 0 : 1;
}

int answer(const api::Paths& paths, const std::string& sandbox)
{
    forbidCoreDumps();
    const Result<std::string> input = readFile("/dev/stdin");
    const std::size_t end = input ? std::min(input->find('\n'), input->size()) : 0;
    const auto secrets = input ? api::fromJson<api::SecretValues>(input->substr(0, end))
                               : std::unexpected(input.error());
    if (!secrets) {
        logFailure("{}", secrets.error().message);
        return 1;
    }
    std::string begun = input->substr(std::min(end + 1, input->size()));
    ::fcntl(kConnectionFd, F_SETFD, FD_CLOEXEC);
    ::signal(SIGPIPE, SIG_IGN);
    static auto& context = *new api::asio::io_context(1);
    api::Socket socket(context);
    boost::system::error_code code;
    socket.assign(api::asio::local::stream_protocol(), kConnectionFd, code);
    if (code) {
        logFailure("there is no connection to answer on: {}", code.message());
        return 1;
    }
    api::asio::co_spawn(context,
                        keeper::answerForStopped(paths, sandbox, secrets->names, std::move(socket),
                                                 std::move(begun)),
                        [](const std::exception_ptr& exception) {
                            context.stop();
                            if (exception)
                                std::rethrow_exception(exception);
                        });
    context.run();
    return 0;
}

int run(const api::Paths& paths)
{
    forbidCoreDumps();
    const Result<std::string> text = readFile("/dev/stdin");
    const Result<api::KeeperStart> start =
        text ? api::fromJson<api::KeeperStart>(*text) : std::unexpected(text.error());
    if (!start) {
        logFailure("{}", start.error().message);
        return 1;
    }
    ::fcntl(kListeningFd, F_SETFD, FD_CLOEXEC);
    // Held to the end: from here on the policy is this process's to change.
    const Result<keeper::PolicyLock> policyLock =
        keeper::PolicyLock::forKeeper(paths.sandbox(start->sandbox.id));
    if (!policyLock) {
        logFailure("{}", policyLock.error().message);
        return 1;
    }
    Result<keeper::KeeperNamespaces> namespaces = keeper::enterNamespaces();
    // Not destroyed: what still waits in it at the end refers to objects that go before it.
    static auto& context = *new api::asio::io_context(1);
    raiseDescriptorLimit();
    ::signal(SIGPIPE, SIG_IGN);
    keeper::Keeper keeper(context, paths, *start, std::move(namespaces));
    api::asio::co_spawn(context, keeper.run(UniqueFd(kListeningFd)),
                        [](const std::exception_ptr& exception) {
                            context.stop();
                            if (exception)
                                std::rethrow_exception(exception);
                        });
    context.run();
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Keeps one sandbox. Started by caissond."};
    std::string home;
    std::string sandbox;
    std::string folder;
    bool clears = false;
    bool answers = false;
    app.set_version_flag("--version", CAISSON_VERSION);
    app.add_option("--home", home, "Caisson's home")->required();
    app.add_option("--sandbox", sandbox, "id of the sandbox")->required();
    app.add_option("--remove-folder", folder, "remove this folder of the sandbox, and leave");
    app.add_flag("--clear-up", clears, "remove what a keeper that was killed left, and leave");
    app.add_flag("--answer", answers,
                 "answer the request on descriptor 3 from the sandbox's folder, and leave");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kWrongUse; // --help and --version are none
    }
    try {
        if (!folder.empty())
            return removeFolder(folder);
        const api::Paths paths = api::pathsForHome(home);
        return clears ? clearUp(paths, sandbox) : answers ? answer(paths, sandbox) : run(paths);
    } catch (const std::exception& error) {
        logFailure("{}", error.what());
        return 1;
    }
}
