// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

/// The processes below the calling one, as /proc tells. Async-signal-safe; one thread.
namespace caisson::init {

/// Sends `signal` to each of them, and SIGCONT, so that stopped jobs get it too.
void signalTree(int signal);

/// Ends all of them, and returns when none is left. The caller must be their child subreaper and
/// have SIGCHLD blocked. `reaped` is told of each child that was waited for.
///
/// Everything is stopped before anything is killed: what is stopped cannot fork, so a fork bomb
/// does not outrun it. Whole process groups are stopped at once, since kill(2) on a group is atomic
/// with regard to fork.
void killTree(void (*reaped)(pid_t pid, int status));

} // namespace caisson::init
