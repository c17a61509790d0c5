// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/task.h"

#include <functional>
#include <sys/types.h>
#include <vector>

namespace caisson::init {

/// Ends what a killed supervisor leaves behind. Root inside may kill one; its processes become
/// init's children by that, out of reach of the command's timeout and hang-up. Besides these init
/// has no children but the supervisors. One thread, the loop's.
class Orphans
{
public:
    /// `supervisors`: those at work, in the order of their pids.
    Orphans(asio::any_io_executor executor, std::function<std::vector<pid_t>()> supervisors);

    /// Begins to end them, if that is not under way; they are waited for like all children.
    void end();

private:
    Task<void> run();

    asio::any_io_executor m_executor;
    std::function<std::vector<pid_t>()> m_supervisors;
    bool m_isEnding = false;
};

} // namespace caisson::init
