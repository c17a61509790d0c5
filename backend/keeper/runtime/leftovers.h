// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>

namespace caisson::keeper {

/// The file in a sandbox's folder that lists its cgroups.
std::string cgroupRecord(const std::string& sandboxFolder);

/// The folder in which the runtime keeps its state, a folder a container.
std::string runtimeStateRoot(const std::string& runFolder);

/// Ends and removes what a keeper leaves behind, however it ended: processes, cgroups, the
/// runtime's state. Mounts are gone with the keeper's mount namespace; init ends by itself when its
/// link closes, but is not relied upon. Sockets are their owner's to remove. The sandbox's files
/// stay.
///
/// Called by the keeper when it has reaped init, and by caissond when a keeper was killed; safe to
/// call again, and for a sandbox that never ran. Blocks, usually well under a millisecond, at most
/// some seconds when a process does not end. Needs no privilege but that of the keeper's user.
Result<void> removeLeftovers(const std::string& sandboxId, const std::string& sandboxFolder,
                             const std::string& runFolder);

} // namespace caisson::keeper
