// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/runtime/argument_filter.h"
#include "backend/keeper/runtime/cgroups.h"

#include <string>
#include <sys/types.h>

namespace caisson::keeper {

/// What a call of the OCI runtime needs.
struct RuntimeCall
{
    std::string program;   ///< a path, or a name to look for in PATH
    std::string stateRoot; ///< --root: the runtime's own folder, one for all sandboxes
    std::string container; ///< the id it knows the container by
    std::string bundle;
    int link = -1; ///< becomes 0 and 1 of init
    int log = -1;  ///< becomes 2 of init: a pipe or socket
    SpecialModes specialModes = SpecialModes::Refuse;
};

/// `runtime --root … run --detach`, started inside `cgroups`. Returns once init runs, with its
/// process id; init is then a child of this process, which is a subreaper (enterNamespaces).
/// RuntimeFailed carries what the runtime said.
Result<pid_t> runContainer(const RuntimeCall& call, const Cgroups& cgroups);

} // namespace caisson::keeper
