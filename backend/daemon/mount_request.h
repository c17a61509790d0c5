// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/paths.h"
#include "backend/api/types.h"

namespace caisson::daemon {

/// A `--mount` with its source spelt out: what the path leads to now, without symlinks, is what is
/// mounted at every start. A sandbox that may write where the path goes through could otherwise
/// lead it elsewhere before the next one.
///
/// Refused are "/", what cannot be read, targets that are the sandbox's own, and whatever holds
/// Caisson's own folders or lies in them: a socket can be connected to through a mount, even a
/// read-only one, and theirs is the command of every sandbox. Errors: BadRequest, NotFound,
/// PermissionDenied.
Result<api::Mount> resolvedMount(const api::Mount& asked, const api::Paths& own);

} // namespace caisson::daemon
