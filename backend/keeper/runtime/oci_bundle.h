// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/keeper/runtime/argument_filter.h"
#include "backend/keeper/storage/id_map.h"

#include <string>

namespace caisson::keeper {

struct BundleSpec
{
    const api::Sandbox& sandbox;
    std::string rootPath; ///< of the mounted root
    IdRange ids;
    SpecialModes specialModes = SpecialModes::Refuse; ///< Refuse: no file capabilities either
    std::string trustBundle = {};                     ///< SandboxRoot::trustBundle
};

/// What the runtime is told about a sandbox's container (OCI runtime specification 1.0.2): every
/// namespace of its own, the usual capabilities of a container without those over network, devices
/// and mounts, no new privileges, the seccomp profile, masked and read-only parts of /proc and
/// /sys. Limits are not in it: the runtime is started inside the sandbox's cgroups.
std::string ociConfiguration(const BundleSpec& spec);

/// Writes `folder`/config.json.
Result<void> writeBundle(const std::string& folder, const BundleSpec& spec);

} // namespace caisson::keeper
