// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace caisson::init {

/// Threads for what blocks: a file system may take its time over a copy, a listing or an fsync, and
/// the session's loop must not. They are made at the start, when nothing runs inside yet: in a
/// sandbox that has used up its processes no thread could be made, and its files should still be
/// looked at.
///
/// Threads and fork: a command is started by a fork of this process, from the loop's thread, while
/// workers may hold any lock. That is safe because between fork and exec, and in the supervisor for
/// as long as it lives, only async-signal-safe calls are made on memory prepared before
/// (supervisor.h). It is simpler than file work in helper processes, whose results would need a
/// second protocol, and than a spawner process kept single-threaded, which would need to pass every
/// descriptor back and forth; and it keeps starting a command under a millisecond.
class Workers
{
public:
    Workers();

    /// Runs `work` on a worker and resumes the caller on its own executor.
    template<class Work>
    Task<std::invoke_result_t<Work>> run(Work work)
    {
        co_return co_await asio::co_spawn(m_files.get_executor(), call(std::move(work)),
                                          asio::use_awaitable);
    }

    /// The one thread all watches live on: setting up 10,000 folders or scanning a tree that was
    /// moved in takes tens of milliseconds.
    asio::any_io_executor watchExecutor() { return m_watches.get_executor(); }

private:
    template<class Work>
    static Task<std::invoke_result_t<Work>> call(Work work)
    {
        co_return work();
    }

    asio::thread_pool m_files;
    asio::thread_pool m_watches;
};

} // namespace caisson::init
