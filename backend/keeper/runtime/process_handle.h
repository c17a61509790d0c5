// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <chrono>
#include <sys/types.h>

namespace caisson::keeper {

/// A descriptor that stands for the process with this number now, and never for a later one of the
/// same number (pidfd_open(2)).
Result<UniqueFd> openProcess(pid_t pid);

/// SIGKILL. No error if the process is gone already.
Result<void> killProcess(int pidfd);

/// Waits until the process has ended; false if it has not within `limit`.
bool waitForEnd(int pidfd, std::chrono::milliseconds limit);

} // namespace caisson::keeper
