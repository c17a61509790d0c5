// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"
#include "backend/keeper/egress/capture/proc_files.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>

namespace caisson::keeper {

/// The root folder that a process sees, and which file is at a path there after all links. The sandbox
/// makes what links it likes while it is asked, so that a look-up takes few steps and short ones (40
/// links of a thousand "a/../" each would be a hundredth of a second), and one path is looked up once a
/// second, whoever runs it and however many rules ask.
class RootInside
{
public:
    /// Of a process in the keeper's /proc; nothing is found when it has gone.
    explicit RootInside(pid_t process);
    using Clock = std::function<std::chrono::steady_clock::time_point()>;
    explicit RootInside(UniqueFd root, Clock clock = std::chrono::steady_clock::now);

    /// None: nothing is there, or it is too far to go.
    std::optional<FileId> fileAt(std::string_view path);

private:
    std::optional<FileId> lookUp(std::string_view path) const;

    /// Finds a std::string by a view.
    struct TextHash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };

    UniqueFd m_root;
    Clock m_clock;
    std::unordered_map<std::string, std::optional<FileId>, TextHash, std::equal_to<>> m_known;
    std::chrono::steady_clock::time_point m_since; ///< of what is known
};

} // namespace caisson::keeper
