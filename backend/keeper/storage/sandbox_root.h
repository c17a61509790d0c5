// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/id_map.h"
#include "backend/keeper/storage/shared_folders.h"
#include "backend/keeper/storage/stage.h"

#include <string>
#include <vector>

namespace caisson::keeper {

/// Where init is found inside. A mount point, so that no process inside can move it away.
inline constexpr const char* kInitInside = "/.caisson/init";

struct RootSpec
{
    std::string sandboxName;
    std::string sandboxFolder; ///< holds work/, and layers/ unless given otherwise
    std::string bases;         ///< folder of the base layers, shared by all sandboxes
    /// Folders of layers, topmost first. The first is written to, and made if missing.
    std::vector<std::string> layers;
    int initProgram = -1; ///< O_PATH
    IdRange ids;
    /// Given as root in the host's user namespace: then the host's folders can be written inside.
    const IdMap* idMap = nullptr;
    const std::vector<SharedFolder>* shared = nullptr;
    /// The certificate that the sandbox's programs trust beside those of the host; empty: none.
    std::string authorityPem = {};
};

struct SandboxRoot
{
    std::string path; ///< in the keeper's mount namespace
    UniqueFd baseUse; ///< keep it open as long as the root is in use (BaseLayer::use)
    std::vector<std::string> notes;
    std::string trustBundle; ///< inside: the host's authorities and that of the spec; empty: none
};

/// Mounts the root of image `host` on the stage, whole: "/" over the base, each of the host's
/// folders, init, and what was asked to be mounted. A layer is a folder with a folder for each
/// mount in it: `root`, `usr`, `var-lib-dpkg`, …
Result<SandboxRoot> mountSandboxRoot(const RootSpec& spec, const Stage& stage);

} // namespace caisson::keeper
