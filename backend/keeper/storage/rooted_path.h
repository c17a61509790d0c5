// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/id_map.h"

#include <string>

namespace caisson::keeper {

/// Paths inside a sandbox's root, followed by the host. A sandbox may have put a symlink anywhere
/// in its root, so every step is taken by openat2(2) with RESOLVE_IN_ROOT: a link, absolute or full
/// of "..", leads to where it leads inside and never out.

enum class NodeType { Folder, File };

/// Opens `path` (O_PATH) below the folder `root`, making what is missing: folders with mode 0755,
/// and the last component of type `last`, all owned by the sandbox's root. NotADirectory or
/// IsADirectory where something of the other type is in the way.
Result<UniqueFd> ensureNode(int root, const std::string& path, NodeType last, IdRange ids);

} // namespace caisson::keeper
