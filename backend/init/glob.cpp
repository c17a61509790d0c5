// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/glob.h"

#include <algorithm>
#include <fnmatch.h>
#include <utility>

namespace caisson::init {

namespace {

std::vector<std::string> components(std::string_view path)
{
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end > 0)
            parts.emplace_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

bool componentMatches(const std::string& glob, const std::string& name)
{
    return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

} // namespace

bool globMatches(std::string_view glob, std::string_view path)
{
    const std::vector<std::string> names = components(path);
    if (!glob.contains('/') && glob != "**")
        return !names.empty() && componentMatches(std::string(glob), names.back());
    const std::vector<std::string> globs = components(glob);
    // Greedy with one place to go back to: when a component does not match, the last ** takes one
    // more. Time is the product of the lengths, whatever the glob.
    std::size_t g = 0;
    std::size_t n = 0;
    std::size_t lastStars = globs.size();
    std::size_t starsTook = 0;
    while (n < names.size()) {
        if (g < globs.size() && globs[g] == "**") {
            lastStars = g++;
            starsTook = n;
        } else if (g < globs.size() && componentMatches(globs[g], names[n])) {
            ++g;
            ++n;
        } else if (lastStars < globs.size()) {
            g = lastStars + 1;
            n = ++starsTook;
        } else {
            return false;
        }
    }
    while (g < globs.size() && globs[g] == "**")
        ++g;
    return g == globs.size();
}

PathFilter::PathFilter(std::vector<std::string> include, std::vector<std::string> exclude)
    : m_include(std::move(include))
    , m_exclude(std::move(exclude))
{
}

bool PathFilter::reports(std::string_view path) const
{
    const auto matches = [&](const std::string& glob) { return globMatches(glob, path); };
    return (m_include.empty() || std::ranges::any_of(m_include, matches)) &&
           std::ranges::none_of(m_exclude, matches);
}

bool PathFilter::entersFolder(std::string_view path) const
{
    return std::ranges::none_of(m_exclude,
                                [&](const std::string& glob) { return globMatches(glob, path); });
}

} // namespace caisson::init
