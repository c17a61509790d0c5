// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ctl/verbs.h"

#include <string>

namespace caisson::ctl {

/// Shows a terminal from the beginning of its journal and types into it, until Ctrl-] (which
/// leaves it running: 0; a request of it that waits for an answer is told then) or until its program
/// ends (its exit code).
api::Task<Result<int>> attachTerminal(Session& session, std::string sandbox, std::string terminal);

/// Opens a terminal of this one's size with `user`'s login shell (empty: root's), and goes on as
/// attachTerminal(). It outlives this program; when its shell has ended, it is removed.
api::Task<Result<int>> openTerminal(Session& session, std::string sandbox, std::string user);

} // namespace caisson::ctl
