// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/mount_api.h"

#include <cstdint>

namespace caisson::keeper {

/// The ids of a sandbox as the keeper sees them: id n inside is id `base + n` for the keeper, for
/// n below `count`. A keeper in a user namespace of its own sees them as they are inside (base 0).
struct IdRange
{
    std::int64_t base = 0;
    std::int64_t count = 1;
};

/// Shifts the owners of a mount: what id n owns on disk, n below the range's count, is owned by
/// base + n where the mount is seen, and the other way round for what is written. Needs root in
/// the host's user namespace (mount_setattr(2), MOUNT_ATTR_IDMAP).
class IdMap
{
public:
    static Result<IdMap> create(IdRange range);

    /// For a detached mount. Fails with BadRequest (EINVAL) where a file system cannot be
    /// id-mapped: overlay, NFS and most of FUSE cannot.
    Result<void> applyTo(int mountFd, Submounts submounts) const;

private:
    explicit IdMap(UniqueFd userNamespace)
        : m_userNamespace(std::move(userNamespace))
    {
    }

    UniqueFd m_userNamespace;
};

} // namespace caisson::keeper
