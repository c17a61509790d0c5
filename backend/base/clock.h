// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace caisson {

using WallTime = std::chrono::system_clock::time_point;

/// RFC 3339 in UTC with milliseconds, e.g. "2026-11-25T07:02:21.042Z".
std::string toRfc3339(WallTime time);

std::string nowRfc3339();

} // namespace caisson
