// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <sys/types.h>

/// The processes below the calling one, as /proc tells. Async-signal-safe; what they need of memory
/// is given. `except` are children of the calling process that do not count, with all below them;
/// in the order of their pids.
namespace caisson::init {

/// Room for all processes of a sandbox. Its pages cost nothing until a tree is looked at.
struct ProcessTable
{
    struct Process
    {
        pid_t pid;
        pid_t parent;
        pid_t group;
        bool stopped; ///< or dead: it will not fork
        bool below;   ///< one of the tree
    };

    /// More than the pids limit of any sandbox; what does not fit is found once the first are gone.
    static constexpr std::size_t kMost = 32768;
    std::array<Process, kMost> processes;
    std::array<char, 32768> folderBuffer;
};

/// A child whose end is waited for, as of wait(2).
struct AwaitedChild
{
    pid_t pid = 0;
    bool hasEnded = false;
    int status = 0;

    /// Told of every child that was reaped.
    void note(pid_t reaped, int reapedStatus);
};

/// Sends `signal` to each of them, and SIGCONT, so that stopped jobs get it too.
void signalTree(ProcessTable& table, int signal);

/// Kills all that it finds, and says whether that was any: what a process that was found late
/// started meanwhile, and what has been killed but not waited for, is found the next time.
///
/// Everything is stopped before anything is killed: what is stopped cannot fork, so a fork bomb
/// does not outrun it. Whole process groups are stopped at once, since kill(2) on a group is atomic
/// with regard to fork.
bool killBelow(ProcessTable& table, std::span<const pid_t> except = {});

/// Does so until none is left. The caller must be their child subreaper and have SIGCHLD blocked.
/// `child` is told of each that was waited for.
void killTree(ProcessTable& table, AwaitedChild& child);

} // namespace caisson::init
