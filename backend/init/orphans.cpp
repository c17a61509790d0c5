// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/orphans.h"

#include "backend/init/process_tree.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>

namespace caisson::init {

Orphans::Orphans(asio::any_io_executor executor, std::function<std::vector<pid_t>()> supervisors)
    : m_executor(std::move(executor))
    , m_supervisors(std::move(supervisors))
{
}

void Orphans::end()
{
    if (!m_isEnding)
        spawnDetached(m_executor, run());
    m_isEnding = true;
}

Task<void> Orphans::run()
{
    using std::chrono::milliseconds;
    const auto table = std::make_unique_for_overwrite<ProcessTable>();
    asio::steady_timer timer(m_executor);
    // What has been killed is there until the kernel has taken it apart: mostly at once, but a
    // process in the middle of a system call may need its time.
    milliseconds pause{2};
    while (killBelow(*table, m_supervisors())) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
        pause = std::min(pause * 2, milliseconds{200});
    }
    m_isEnding = false;
}

} // namespace caisson::init
