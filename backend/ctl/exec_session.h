// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/ctl/verbs.h"

#include <string>

namespace caisson::ctl {

/// Runs a command inside with this program's standard streams, in bounded memory both ways, and
/// returns its exit code. INT, TERM, HUP and QUIT go to the command; with `request.tty` and a
/// terminal on standard input, that terminal is raw meanwhile and its size is the command's.
api::Task<Result<int>> runAttached(Session& session, std::string sandbox, api::ExecRequest request);

/// Runs a command inside without input; a failure holds what it said on standard error.
api::Task<Result<void>> runQuietly(Session& session, std::string sandbox,
                                   std::vector<std::string> argv);

} // namespace caisson::ctl
