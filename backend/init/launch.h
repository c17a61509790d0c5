// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/init/supervisor.h"

#include <string>
#include <string_view>

namespace caisson::init {

/// init's ends of a command that is about to run.
struct Launched
{
    UniqueFd control; ///< packets of SupervisorReport and SupervisorOrder; non-blocking
    // Non-blocking. With a tty, input and output are both the terminal's master, and error is unset.
    UniqueFd input;
    UniqueFd output;
    UniqueFd error;
};

/// Checks the request and forks its supervisor. Whether the command itself could be executed comes
/// as the supervisor's first report. Without argv, a tty gets the login shell of its user.
Result<Launched> launch(const api::ExecRequest& request);

/// What a Failed report means, in words.
Error launchError(const api::ExecRequest& request, const SupervisorReport& report);

/// init raises its own limit of open files, since every command costs it four; commands get the
/// limit init was started with.
void raiseFileLimit();

} // namespace caisson::init
