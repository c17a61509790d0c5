// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/id_map.h"

#include <string>

namespace caisson::keeper {

/// The lowest layer of every root made from image `host`: folders, Caisson's own configuration and
/// a copy of what of the host's belongs inside.
///
/// It lies in `<shared>/<fingerprint>/root`, shared by all sandboxes. The fingerprint covers what
/// was copied (names, inodes, sizes, times), so that a host whose /etc has changed gets a new base
/// at the next start, and the boot, so that a base half written to disk at a power failure is never
/// looked at again. A base is built beside its place and renamed into it. One that nobody uses is
/// removed when another is built: a sandbox that runs holds a shared lock (flock(2)) on its base.
struct BaseLayer
{
    std::string path; ///< of its root folder
    UniqueFd use;     ///< a lock; keep it open while the base is mounted
};

/// Who owns the files of a base on disk.
enum class BaseOwner {
    Shared, ///< as inside: shared by all sandboxes, mounted through an IdMap where ids differ
    Private ///< as the keeper sees the ids of this one sandbox, for where nothing can be id-mapped
};

/// Builds the base of this host if it is not there. `hostRoot` is "" but in tests.
Result<BaseLayer> ensureBaseLayer(const std::string& shared, const std::string& hostRoot,
                                  BaseOwner owner, IdRange ids);

} // namespace caisson::keeper
