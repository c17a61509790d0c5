// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/init/task.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <sys/types.h>

namespace caisson::init {

/// Pid 1's first duty: everything whose parent is gone ends up here and is waited for.
class ChildReaper
{
public:
    struct Listener
    {
        std::function<void(pid_t, int status)> reaped; ///< the child was waited for
        std::function<void(pid_t)> stopped;
    };
    ChildReaper(asio::io_context& loop, Listener listener);

    /// SIGCHLD must be blocked in every thread; it is read from a signalfd(2).
    Result<void> start();

    /// Keeps the status of a command, should it come to be reaped here: when somebody inside kills
    /// the command's supervisor.
    void expect(pid_t command);
    void forget(pid_t command);
    /// The status of an expected command, as of wait(2); nothing if its supervisor has waited for
    /// it and was killed before it could say.
    Task<std::optional<int>> status(pid_t command);

private:
    Task<void> run();
    void reap();
    void remember(pid_t pid, int status);

    Listener m_listener;
    asio::posix::stream_descriptor m_signals;
    std::map<pid_t, std::optional<int>> m_expected;
    std::deque<std::pair<pid_t, int>> m_unexpected; ///< the newest of the others
    Notifier m_round;                               ///< some were waited for
};

} // namespace caisson::init
