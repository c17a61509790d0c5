// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <string>

/// The descriptor-based mount calls (Linux 5.2; mount_setattr 5.12). A mount is made detached, its
/// attributes are set while nobody can reach it, and then it is attached: there is no moment at
/// which it is visible with too few restrictions.
namespace caisson::keeper {

enum class Submounts { Leave, Take };

/// A detached copy of the mount that `path` lies on, rooted at `path`. In a user namespace the
/// kernel refuses Leave with EINVAL where a submount would uncover what lies beneath it.
Result<UniqueFd> cloneMount(const std::string& path, Submounts submounts);

/// The same for an open (O_PATH) descriptor; `what` names it in the error.
Result<UniqueFd> cloneMount(int fd, const std::string& what, Submounts submounts);

/// `attributes`: MOUNT_ATTR_* of mount_setattr(2), added to what is there.
Result<void> setMountAttributes(int mountFd, std::uint64_t attributes, Submounts submounts);

/// Attaches a detached mount on the file or folder `target` (O_PATH). The descriptor of the mount
/// stays open and refers to the attached one.
Result<void> attachMount(int mountFd, int target);

/// A detached tmpfs, its root owned by the caller with mode 0755.
Result<UniqueFd> makeTmpfs();

/// "/proc/self/fd/N": a short name without special characters for what is open.
std::string descriptorPath(int fd);

} // namespace caisson::keeper
