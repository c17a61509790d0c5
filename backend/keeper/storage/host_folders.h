// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>
#include <vector>

namespace caisson::keeper {

/// A folder of the host that is part of image `host`, each a mount of its own in the sandbox.
struct HostFolder
{
    std::string path;  ///< on the host and inside, e.g. "/var/lib/dpkg"
    std::string layer; ///< its name among the layers, e.g. "var-lib-dpkg"
};

/// A link at the host's top level, e.g. /bin → usr/bin.
struct HostLink
{
    std::string path;
    std::string target;
};

struct HostFolders
{
    std::vector<HostFolder> folders;
    std::vector<HostLink> links;
};

/// An allowlist: /usr, the folders or links of programs and libraries beside it, and dpkg's
/// database, so that packages can be added inside. Whatever else lies in the host's "/" does not
/// exist for a sandbox. `hostRoot` is "" but in tests.
Result<HostFolders> findHostFolders(const std::string& hostRoot);

} // namespace caisson::keeper
