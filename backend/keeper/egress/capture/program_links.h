// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/capture/root_inside.h"
#include "backend/policy/decide.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

struct Program
{
    std::string path;           ///< of its executable, inside
    std::optional<FileId> file; ///< none: not known
};

/// The kernel names an executable by the one path that it was found at. People know it by links to
/// that, as /usr/bin/python3, or by the program that it is a part of, as git of git-remote-http.
/// A link is followed as it is when it is asked for, or was in the second before; what led there once does
/// so for the process's life, lest a rule be lifted from it by an upgrade. Hostile: the sandbox
/// may link whatever it likes, as it may write to the executable itself.
class ProgramLinks final : public policy::ProgramNames
{
public:
    ProgramLinks(std::shared_ptr<RootInside> root, std::vector<Program> programs);
    bool contain(std::string_view path) const override;

private:
    std::shared_ptr<RootInside> m_root;
    std::vector<Program> m_programs;
    mutable std::set<std::string, std::less<>> m_led;
};

/// Whether an executable is a part of the program that started it: below lib or libexec, where nobody
/// starts anything by hand (FHS 3.0, 4.6 and 4.7), in a folder that begins with the program's
/// name: /usr/lib/git-core/git-remote-http of /usr/bin/git, /usr/lib/apt/methods/http of apt-get.
bool isHelperOf(std::string_view executable, std::string_view program);

} // namespace caisson::keeper
