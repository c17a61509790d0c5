// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/program_links.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <format>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

constexpr std::array<std::string_view, 4> kHelperFolders{"/usr/lib/", "/usr/libexec/",
                                                         "/usr/local/lib/", "/usr/local/libexec/"};

constexpr std::chrono::seconds kKnown(1);

/// "git" of git and git-core, "apt" of apt and apt-get.
std::string_view firstWord(std::string_view name)
{
    return name.substr(0, name.find('-'));
}

/// All that is mounted there is of our making or a folder that the person shares: nobody inside may
/// mount a file system of their own, which could let whoever looks there wait.
std::optional<FileId> fileAt(int root, const std::string& path)
{
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const UniqueFd file(
        static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0)
        return std::nullopt;
    return FileId{status.st_dev, status.st_ino};
}

} // namespace

std::shared_ptr<const UniqueFd> openRootOf(pid_t process)
{
    const std::string path = std::format("/proc/{}/root", process);
    return std::make_shared<UniqueFd>(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Program programAt(const UniqueFd& root, std::string path)
{
    const std::optional<FileId> file = fileAt(root.get(), path);
    return {std::move(path), file};
}

ProgramLinks::ProgramLinks(std::shared_ptr<const UniqueFd> root, std::vector<Program> programs)
    : m_root(std::move(root))
    , m_programs(std::move(programs))
{
}

bool ProgramLinks::contain(std::string_view path) const
{
    if (std::ranges::contains(m_programs, path, &Program::path))
        return true;
    const auto now = std::chrono::steady_clock::now();
    if (now - m_since > kKnown) {
        m_known.clear();
        m_since = now;
    }
    if (const auto known = m_known.find(path); known != m_known.end())
        return known->second;
    std::string text(path);
    const bool leads = leadsThere(text);
    return m_known.emplace(std::move(text), leads).first->second;
}

bool ProgramLinks::leadsThere(const std::string& path) const
{
    const std::optional<FileId> file = fileAt(m_root->get(), path);
    return file && std::ranges::contains(m_programs, file, &Program::file);
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
