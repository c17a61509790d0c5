// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caisson::init {

/// Whether `path` (relative, no slash at either end) matches `glob`: * ? and [] within a component
/// as fnmatch(3), ** as a component for any number of them, none included. A glob without a slash
/// is matched against the last component alone, at any depth, as in gitignore(5).
bool globMatches(std::string_view glob, std::string_view path);

/// What a watch reports. Paths are relative to the watched folder.
class PathFilter
{
public:
    /// Nothing in `include`: everything.
    PathFilter(std::vector<std::string> include, std::vector<std::string> exclude);

    bool reports(std::string_view path) const;
    /// Whether the folder is watched at all. One that is excluded costs no watches.
    bool entersFolder(std::string_view path) const;

private:
    std::vector<std::string> m_include;
    std::vector<std::string> m_exclude;
};

} // namespace caisson::init
