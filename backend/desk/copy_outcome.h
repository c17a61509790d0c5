// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caisson::desk {

/// How a copy of a folder went that came to its end.
struct CopyOutcome
{
    static constexpr std::size_t kMostReasons = 5;

    std::int64_t leftOut = 0;         ///< files and folders that could not be copied
    std::vector<std::string> reasons; ///< of the first of them: "src/secret: permission denied"
};

} // namespace caisson::desk
