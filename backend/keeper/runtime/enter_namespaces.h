// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/keeper/storage/id_map.h"

#include <string>
#include <vector>

namespace caisson::keeper {

enum class Privilege {
    Root,         ///< root in the host's user namespace
    UserNamespace ///< root in a user namespace of the keeper's own, nobody special outside
};

/// Where a keeper lives once it has left the host's namespaces.
struct KeeperNamespaces
{
    Privilege privilege = Privilege::Root;
    std::int64_t ids = 0; ///< UserNamespace: how many ids there are, from 0
    std::vector<std::string> notes;
};

/// Called once, first thing in main(), while the process has one thread. As root: a mount namespace
/// of its own. As anybody else: a user namespace (user_namespace.h), and in it a mount namespace.
/// What is mounted on the host later shows up, and what is unmounted there goes; nothing mounted
/// here is seen outside, and all of it is gone with the process.
///
/// Afterwards this process is the subreaper of its descendants (prctl(2)), so that a sandbox's init
/// becomes its child when the runtime has left.
Result<KeeperNamespaces> enterNamespaces();

} // namespace caisson::keeper
