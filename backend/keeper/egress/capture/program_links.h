// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"
#include "backend/keeper/egress/capture/proc_files.h"
#include "backend/policy/decide.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace caisson::keeper {

/// The root folder that a process sees (O_PATH); invalid when the process has gone.
std::shared_ptr<const UniqueFd> openRootOf(pid_t process);

/// Finds a std::string by a view.
struct TextHash
{
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const
    {
        return std::hash<std::string_view>()(text);
    }
};

struct Program
{
    std::string path;           ///< of its executable, inside
    std::optional<FileId> file; ///< none: not known
};

/// Which one is at that path, after links.
Program programAt(const UniqueFd& root, std::string path);

/// The kernel names an executable by the one path that it was found at. People know it by links to
/// that, as /usr/bin/python3, or by the program that it is a part of, as git of git-remote-http.
/// A link is followed as it is when it is asked for, or was in the second before. Hostile: the sandbox may link whatever it likes,
/// as it may write to the executable itself.
class ProgramLinks final : public policy::ProgramNames
{
public:
    ProgramLinks(std::shared_ptr<const UniqueFd> root, std::vector<Program> programs);
    /// Some system calls, where it was not asked for within a second: each of the rules for one host
    /// may be for another program.
    bool contain(std::string_view path) const override;

private:
    bool leadsThere(const std::string& path) const;

    std::shared_ptr<const UniqueFd> m_root;
    std::vector<Program> m_programs;
    mutable std::unordered_map<std::string, bool, TextHash, std::equal_to<>> m_known; ///< by path
    mutable std::chrono::steady_clock::time_point m_since; ///< of all that
};

/// Whether an executable is a part of the program that started it: below lib or libexec, where nobody
/// starts anything by hand (FHS 3.0, 4.6 and 4.7), in a folder that begins with the program's
/// name: /usr/lib/git-core/git-remote-http of /usr/bin/git, /usr/lib/apt/methods/http of apt-get.
bool isHelperOf(std::string_view executable, std::string_view program);

} // namespace caisson::keeper
