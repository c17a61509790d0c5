// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>

namespace caisson::keeper {

/// Removes a folder and all below it, without following links or entering mounts. Folders without
/// permissions (overlayfs leaves work/work with mode 0) are opened up first. A path that does not
/// exist is removed already. Files of a sandbox belong to subordinate ids: without root, call it in
/// the keeper's user namespace (enterNamespaces).
Result<void> removeTree(const std::string& path);

} // namespace caisson::keeper
