// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/keeper/storage/etc_files.h"
#include "backend/keeper/storage/id_map.h"

#include <cstdint>
#include <string>

namespace caisson::keeper {

/// Writes a file, folder or link below the open folder `root`, which nobody else writes to. A file
/// or link that is there is replaced; a folder that is there gets mode and owner.
Result<void> writeOwnNode(int root, const OwnFile& own, IdRange ids);

/// Gives `path` below `root` ("": `root` itself) to an id inside. Ids beyond the range exist
/// neither inside nor here: such a file stays the sandbox root's.
Result<void> giveTo(int root, const std::string& path, IdRange ids, std::int64_t uid,
                    std::int64_t gid);

} // namespace caisson::keeper
