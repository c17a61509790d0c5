// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/client/transport.h"

#include "backend/base/process.h"
#include "backend/base/unique_fd.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::client {

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
constexpr std::chrono::milliseconds kRetry(2);
constexpr std::chrono::seconds kStartLimit(10);

/// Starts caissond in a session of its own, held by nothing of ours: descriptors from 3 closed,
/// 0 to 2 on /dev/null. Forked twice, so that it is nobody's child to wait for.
Result<void> startDaemon(const std::string& program, const std::string& home)
{
    // O_CLOEXEC: the pipe closes by the exec, or carries its errno.
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failErrno("cannot start caissond");
    UniqueFd result(ends[0]);
    UniqueFd report(ends[1]);
    const char* const arguments[] = {program.c_str(), "--home", home.c_str(), nullptr};
    const pid_t child = ::fork();
    if (child < 0)
        return failErrno("cannot start caissond");
    if (child == 0) {
        // Only async-signal-safe calls from here: the window has other threads.
        ::setsid();
        if (::fork() != 0)
            ::_exit(0);
        const int null = ::open("/dev/null", O_RDWR);
        for (int fd = 0; fd <= 2; ++fd)
            ::dup2(null, fd);
        const int reportAt = ::fcntl(report.get(), F_DUPFD_CLOEXEC, 1000);
        ::close_range(3, static_cast<unsigned>(reportAt) - 1, 0);
        ::close_range(static_cast<unsigned>(reportAt) + 1, ~0U, 0);
        ::execv(program.c_str(), const_cast<char* const*>(arguments));
        const int number = errno;
        [[maybe_unused]] const ssize_t written = ::write(reportAt, &number, sizeof number);
        ::_exit(127);
    }
    report.reset();
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    int number = 0;
    if (::read(result.get(), &number, sizeof number) == sizeof number) {
        Error error = errnoError(number, "cannot start " + program);
        error.message += "; see that Caisson is installed completely";
        return std::unexpected(std::move(error));
    }
    return {};
}

} // namespace

LocalTransport::LocalTransport(api::asio::any_io_executor executor, api::Paths paths,
                               std::string daemonProgram)
    : m_executor(std::move(executor))
    , m_paths(std::move(paths))
    , m_daemonProgram(daemonProgram.empty() ? siblingProgram("caissond") : std::move(daemonProgram))
{
}

api::Task<Result<api::Socket>> LocalTransport::tryConnect()
{
    Result<api::UnixAddress> address = api::UnixAddress::of(m_paths.daemonSocket());
    if (!address)
        co_return std::unexpected(address.error());
    api::Socket socket(m_executor);
    const auto [code] = co_await socket.async_connect(address->path(), kTuple);
    if (code)
        co_return api::failAsio(code, "cannot reach caissond at " + m_paths.daemonSocket());
    co_return socket;
}

api::Task<Result<api::Socket>> LocalTransport::connect()
{
    Result<api::Socket> socket = co_await tryConnect();
    if (socket)
        co_return socket;
    if (Result<void> made = api::ensureFolders(m_paths); !made)
        co_return std::unexpected(made.error());
    if (Result<void> started = startDaemon(m_daemonProgram, m_paths.home); !started)
        co_return std::unexpected(started.error());
    // There is no signal for "the socket listens" that would survive two starters of which one
    // gives way to the other, so look again every other millisecond.
    const auto limit = std::chrono::steady_clock::now() + kStartLimit;
    while (std::chrono::steady_clock::now() < limit) {
        socket = co_await tryConnect();
        if (socket || !co_await api::sleepFor(kRetry))
            co_return socket;
    }
    co_return socket;
}

} // namespace caisson::client
