// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/dpkg_overrides.h"

#include "backend/base/files.h"
#include "backend/keeper/storage/etc_files.h"
#include "backend/keeper/storage/mount_api.h"
#include "backend/keeper/storage/own_node.h"

#include <sstream>
#include <sys/stat.h>

namespace caisson::keeper {

std::string ownOverrides(const std::string& statOverride)
{
    // A line is "user group mode path"; numbers are written with a "#".
    std::string kept;
    std::istringstream lines(statOverride);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string user;
        std::string group;
        fields >> user >> group;
        if ((user.starts_with('#') || isOwnUser(user)) &&
            (group.starts_with('#') || isOwnGroup(group)))
            kept += line + "\n";
    }
    return kept;
}

Result<void> shortenOverrides(int database, IdRange ids)
{
    const auto content = readFile(descriptorPath(database) + "/statoverride");
    if (!content) {
        if (content.error().code == ErrorCode::NotFound)
            return {};
        return std::unexpected(content.error());
    }
    const std::string kept = ownOverrides(*content);
    if (kept == *content)
        return {};
    return writeOwnNode(database, {"statoverride", S_IFREG | 0644, 0, 0, kept}, ids);
}

} // namespace caisson::keeper
