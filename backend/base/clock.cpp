// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/clock.h"

#include <cstdio>
#include <ctime>

namespace caisson {

std::string toRfc3339(WallTime time)
{
    using namespace std::chrono;
    const auto sinceEpoch = duration_cast<milliseconds>(time.time_since_epoch());
    const std::time_t seconds = duration_cast<std::chrono::seconds>(sinceEpoch).count();
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text + length, sizeof text - length, ".%03dZ",
                  static_cast<int>(sinceEpoch.count() % 1000));
    return text;
}

std::string nowRfc3339()
{
    return toRfc3339(std::chrono::system_clock::now());
}

} // namespace caisson
