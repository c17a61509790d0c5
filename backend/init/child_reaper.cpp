// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/child_reaper.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace caisson::init {

ChildReaper::ChildReaper(asio::io_context& loop, Listener listener)
    : m_listener(std::move(listener))
    , m_signals(loop)
{
}

Result<void> ChildReaper::start()
{
    sigset_t childEnded;
    sigemptyset(&childEnded);
    sigaddset(&childEnded, SIGCHLD);
    const int fd = ::signalfd(-1, &childEnded, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return failErrno("cannot listen for ended children");
    m_signals.assign(fd);
    spawnDetached(m_signals.get_executor(), run());
    return {};
}

Task<void> ChildReaper::run()
{
    for (;;) {
        reap();
        signalfd_siginfo info[8];
        const auto [error, size] = co_await m_signals.async_read_some(
            asio::buffer(info, sizeof info), asio::as_tuple(asio::use_awaitable));
        if (error)
            co_return;
    }
}

void ChildReaper::reap()
{
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid <= 0)
            break;
        if (WIFSTOPPED(status)) {
            m_listener.stopped(pid);
            continue;
        }
        if (const auto found = m_expected.find(pid); found != m_expected.end())
            found->second = status;
        else
            remember(pid, status);
        m_listener.reaped(pid, status);
    }
    m_round.notifyAll();
}

void ChildReaper::remember(pid_t pid, int status)
{
    constexpr std::size_t kMost = 256;
    if (m_unexpected.size() == kMost)
        m_unexpected.pop_front();
    m_unexpected.emplace_back(pid, status);
}

void ChildReaper::expect(pid_t command)
{
    std::optional<int>& status = m_expected[command];
    // The command and its supervisor may both have been killed before the word of its start was
    // read.
    const auto found = std::ranges::find(m_unexpected, command, &std::pair<pid_t, int>::first);
    if (found != m_unexpected.end()) {
        status = found->second;
        m_unexpected.erase(found);
    }
}

void ChildReaper::forget(pid_t command)
{
    m_expected.erase(command);
}

Task<std::optional<int>> ChildReaper::status(pid_t command)
{
    while (!m_expected[command]) {
        // One that has ended and was not waited for is still there.
        if (::kill(command, 0) != 0 && errno == ESRCH)
            co_return std::nullopt;
        co_await m_round.wait();
    }
    co_return m_expected[command];
}

} // namespace caisson::init
