// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/program_links.h"

#include <algorithm>
#include <array>

namespace caisson::keeper {

namespace {

constexpr std::array<std::string_view, 4> kHelperFolders{"/usr/lib/", "/usr/libexec/",
                                                         "/usr/local/lib/", "/usr/local/libexec/"};

/// "git" of git and git-core, "apt" of apt and apt-get.
std::string_view firstWord(std::string_view name)
{
    return name.substr(0, name.find('-'));
}

} // namespace

ProgramLinks::ProgramLinks(std::shared_ptr<RootInside> root, std::vector<Program> programs)
    : m_root(std::move(root))
    , m_programs(std::move(programs))
{
}

bool ProgramLinks::contain(std::string_view path) const
{
    if (std::ranges::contains(m_programs, path, &Program::path) || m_led.contains(path))
        return true;
    const std::optional<FileId> file = m_root->fileAt(path);
    const bool leads = file && std::ranges::contains(m_programs, file, &Program::file);
    if (leads)
        m_led.emplace(path);
    return leads;
}

bool isHelperOf(std::string_view executable, std::string_view program)
{
    const std::string_view name = program.substr(program.rfind('/') + 1);
    return std::ranges::any_of(kHelperFolders, [&](std::string_view above) {
        if (!executable.starts_with(above))
            return false;
        executable.remove_prefix(above.size());
        const std::size_t end = executable.find('/');
        return end != std::string_view::npos && !name.empty() &&
               firstWord(executable.substr(0, end)) == firstWord(name);
    });
}

} // namespace caisson::keeper
