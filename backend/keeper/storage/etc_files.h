// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace caisson::keeper {

/// A file, or with an empty content a folder or link, of the sandbox. Ids are those inside.
struct OwnFile
{
    std::string path; ///< below "/"
    mode_t mode = 0;  ///< with its type: S_IFREG, S_IFDIR or S_IFLNK
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    std::string content; ///< of a link: its target
};

/// The user inside for programs that refuse root.
inline constexpr std::int64_t kDevUser = 1000;

/// What every sandbox has and no host tells: the folders of the Filesystem Hierarchy Standard 3.0,
/// accounts, name service, home folders. Parents come before what is in them.
/// `shell`: the login shell of root and dev.
std::vector<OwnFile> baseFiles(const std::string& shell);

/// Whether the accounts of baseFiles() have this name.
bool isOwnUser(std::string_view name);
bool isOwnGroup(std::string_view name);

/// /etc/hostname and /etc/hosts of a sandbox of this name.
std::vector<OwnFile> nameFiles(const std::string& sandboxName);

/// /etc/machine-id: random, one a sandbox (machine-id(5)).
OwnFile machineIdFile();

} // namespace caisson::keeper
