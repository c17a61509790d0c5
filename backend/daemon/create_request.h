// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"

#include <set>
#include <string>

namespace caisson::daemon {

/// Whether a sandbox can be made as asked: limits in range, variables and mounts well-formed, its
/// policy free of errors (`detail.line` and `detail.column` say where one is) and of secrets that are
/// not in `secrets`, the names of those that are stored, and nothing that is not built yet (NotBuilt).
/// The name is the registry's to check.
Result<void> checkCreateRequest(const api::CreateSandbox& request,
                                const std::set<std::string>& secrets);

} // namespace caisson::daemon
