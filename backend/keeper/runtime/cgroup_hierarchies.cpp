// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/cgroup_hierarchies.h"

#include "backend/base/files.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace caisson::keeper {

namespace {

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

/// Lines "id:controllers:path"; version 2 has no controllers (cgroups(7)).
std::map<std::string, std::string> ownPaths(std::string_view ownGroups)
{
    std::map<std::string, std::string> paths;
    for (const std::string& line : split(ownGroups, '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const std::string path = line.substr(second + 1);
        for (const std::string& name : split(line.substr(first + 1, second - first - 1), ','))
            paths[name] = path;
    }
    return paths;
}

/// A path in a hierarchy as seen from its mount, which may show only the part below `root`.
bool belowMount(const std::string& root, std::string& path)
{
    if (root != "/") {
        if (path != root && !path.starts_with(root + "/"))
            return false;
        path.erase(0, root.size());
    }
    if (path == "/")
        path.clear();
    return true;
}

bool parseMount(const std::string& line, const std::map<std::string, std::string>& paths,
                CgroupHierarchy& hierarchy)
{
    // id parent major:minor root mountpoint options optional… - type source superoptions
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos)
        return false;
    const std::vector<std::string> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 3)
        return false;
    hierarchy = {};
    hierarchy.mountPoint = left[4];
    std::string key;
    if (right[0] == "cgroup2") {
        hierarchy.version = CgroupHierarchy::Version::Two;
    } else if (right[0] == "cgroup") {
        hierarchy.version = CgroupHierarchy::Version::One;
        for (const std::string& option : split(right[2], ',')) {
            if (paths.contains(option)) {
                hierarchy.controllers.push_back(option);
                key = option;
            }
        }
        if (key.empty())
            return false;
    } else {
        return false;
    }
    const auto own = paths.find(key);
    if (own == paths.end())
        return false;
    hierarchy.ownPath = own->second;
    return belowMount(left[3], hierarchy.ownPath);
}

} // namespace

std::vector<CgroupHierarchy> parseCgroupHierarchies(std::string_view mountInfo,
                                                    std::string_view ownGroups)
{
    const std::map<std::string, std::string> paths = ownPaths(ownGroups);
    std::vector<CgroupHierarchy> hierarchies;
    for (const std::string& line : split(mountInfo, '\n')) {
        CgroupHierarchy hierarchy;
        if (parseMount(line, paths, hierarchy))
            hierarchies.push_back(std::move(hierarchy));
    }
    return hierarchies;
}

std::vector<CgroupHierarchy> cgroupHierarchies()
{
    const auto mountInfo = readFile("/proc/self/mountinfo");
    const auto ownGroups = readFile("/proc/self/cgroup");
    if (!mountInfo || !ownGroups)
        return {};
    return parseCgroupHierarchies(*mountInfo, *ownGroups);
}

} // namespace caisson::keeper
