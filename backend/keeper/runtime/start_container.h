// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/runtime/enter_namespaces.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace caisson::keeper {

struct ContainerSpec
{
    const api::Sandbox& sandbox;
    /// As root: the first of the sandbox's 65,536 ids on the host. Not used otherwise.
    std::int64_t idBase = 0;
    /// The sandbox's data: layers/0001 (what it has written), work/, cgroups (while it runs).
    std::string folder;
    std::string bases;       ///< the base layers, shared by all sandboxes of this user
    std::string runFolder;   ///< Paths::run; the runtime's state is in its crun/
    std::string initProgram; ///< a static executable
    UniqueFd link; ///< a stream socket, becomes init's 0 and 1; closed here once init has it
    int log = -1;  ///< becomes init's 2. A pipe or socket: see RuntimeCall
    /// The certificate of the airlock's authority, which programs inside are made to trust. Empty:
    /// there is none, and nothing is added.
    std::string authorityPem = {};
};

struct Container
{
    pid_t initPid = 0; ///< in the keeper's pid namespace; a child of the keeper, to be reaped by it
    UniqueFd process;  ///< its pidfd: readable when init has ended, and with it all that was inside
    api::AppliedLimits applied;
    /// Where the person who started the sandbox sees /workspace from outside, while it runs. What
    /// they write there as root is nobody's inside, unless it is a mounted folder.
    std::string workspaceHost;
    std::vector<std::string> cgroups; ///< their folders
    UniqueFd baseUse;                 ///< keep it open as long as the container runs
};

/// Makes the sandbox's root, and starts its init in it. Blocks for some 15 ms; call it from the
/// main thread, once a process, after enterNamespaces().
///
/// To end the container, kill init (killProcess), reap it, and call removeLeftovers(). The same
/// call clears up when this one has failed.
Result<Container> startContainer(ContainerSpec spec, const KeeperNamespaces& namespaces);

} // namespace caisson::keeper
