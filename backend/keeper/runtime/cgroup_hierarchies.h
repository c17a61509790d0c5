// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

/// A mounted hierarchy of cgroups, and this process's place in it (cgroups(7)).
struct CgroupHierarchy
{
    enum class Version { One, Two };

    Version version = Version::Two;
    std::vector<std::string> controllers; ///< version 1: those bound to it, or its name
    std::string mountPoint;
    std::string ownPath; ///< of this process's group below the mount point: "" or "/a/b"
};

/// From /proc/self/mountinfo and /proc/self/cgroup.
std::vector<CgroupHierarchy> cgroupHierarchies();

/// The same from the text of the two files; for tests.
std::vector<CgroupHierarchy> parseCgroupHierarchies(std::string_view mountInfo,
                                                    std::string_view ownGroups);

} // namespace caisson::keeper
