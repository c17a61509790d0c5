// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace caisson {

using WallTime = std::chrono::system_clock::time_point;

/// RFC 3339 in UTC with milliseconds, e.g. "2026-11-25T07:02:21.042Z".
std::string toRfc3339(WallTime time);

std::string nowRfc3339();

/// A time with "Z" or an offset, and a fraction or none; none for any other text.
std::optional<WallTime> fromRfc3339(std::string_view text);

/// The boot_id of this host (random(4)), empty if it cannot be read: whether a time on a clock that
/// counts from boot still means something.
std::string bootId();

} // namespace caisson
