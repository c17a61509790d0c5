// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace caisson::policy {

struct TextPlace
{
    std::size_t line = 1;
    std::size_t column = 1;
};

/// Where a key of more than `limit` parts stands ("a.b.c" has three). Each part is a table within the
/// last, which the TOML parser makes and destroys by recursion: 500,000 would overflow the stack.
std::optional<TextPlace> keyOfTooManyParts(std::string_view toml, std::size_t limit);

} // namespace caisson::policy
