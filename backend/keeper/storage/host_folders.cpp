// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/host_folders.h"

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

// Hosts with a merged /usr have links of these names, others folders (systemd's "The Case for the
// /usr Merge"). The odd ones are the multilib folders of the ABIs that Debian and Fedora know.
constexpr std::array<std::string_view, 7> kProgramFolders{"bin",   "sbin",   "lib",   "lib32",
                                                          "lib64", "libx32", "libo32"};

} // namespace

Result<HostFolders> findHostFolders(const std::string& hostRoot)
{
    HostFolders found;
    struct stat status{};
    if (::stat((hostRoot + "/usr").c_str(), &status) != 0)
        return failErrno("this host has no /usr");
    found.folders.push_back({"/usr", "usr"});
    for (const std::string_view name : kProgramFolders) {
        const std::string path = "/" + std::string(name);
        const std::string onHost = hostRoot + path;
        if (::lstat(onHost.c_str(), &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            found.folders.push_back({path, std::string(name)});
        } else if (S_ISLNK(status.st_mode)) {
            char target[PATH_MAX];
            const ssize_t size = ::readlink(onHost.c_str(), target, sizeof target);
            if (size < 0)
                return failErrno("cannot read the link " + onHost);
            found.links.push_back({path, std::string(target, static_cast<std::size_t>(size))});
        }
    }
    if (::stat((hostRoot + "/var/lib/dpkg").c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        found.folders.push_back({"/var/lib/dpkg", "var-lib-dpkg"});
    return found;
}

} // namespace caisson::keeper
