// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/id_map.h"
#include "backend/keeper/storage/rooted_path.h"

#include <string>
#include <vector>

namespace caisson::keeper {

/// A `--mount`, opened and restricted, not yet attached.
struct SharedFolder
{
    api::Mount mount;
    NodeType type = NodeType::Folder;
    UniqueFd tree; ///< detached: nosuid, nodev, read-only if asked, id-mapped as root
};

/// Opens what was asked to be mounted. `idMap` is given as root: what root inside writes then
/// belongs to root outside, and id n to id n. A folder that cannot be id-mapped is refused, unless
/// it is read-only: then it shows as nobody's, and `notes` says so. Errors: NotFound for a source
/// that is not there, BadRequest for a source whose path has become one through a symlink and for a
/// target that may not be one.
Result<std::vector<SharedFolder>> openSharedFolders(const std::vector<api::Mount>& mounts,
                                                    const IdMap* idMap,
                                                    std::vector<std::string>& notes);

/// Attaches them in the sandbox's root, in the order given.
Result<void> attachSharedFolders(const std::vector<SharedFolder>& folders, int root, IdRange ids);

} // namespace caisson::keeper
