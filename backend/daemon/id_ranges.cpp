// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/id_ranges.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/random.h>
#include <vector>

namespace caisson::daemon {

namespace {

/// Above what distributions give out (up to 600100000, login.defs(5)) and systemd's dynamic and
/// container ranges (up to 1878982656, systemd's UIDS-GIDS), below 2^31, which some tools still
/// take for the end.
constexpr std::int64_t kFirst = 1'900'019'712;
constexpr std::int64_t kSlots = 3700;
constexpr int kTries = 10'000;

struct Range
{
    std::int64_t begin = 0;
    std::int64_t count = 0;
};

/// Lines of "name:first:count" (subuid(5)).
void readRanges(const char* path, std::vector<Range>& ranges)
{
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream fields(line.substr(std::min(line.find(':'), line.size())));
        Range range;
        char colon = 0;
        if (fields >> colon >> range.begin >> colon >> range.count)
            ranges.push_back(range);
    }
}

} // namespace

Result<std::int64_t> findFreeIdBase(const std::set<std::int64_t>& taken)
{
    std::vector<Range> foreign;
    readRanges("/etc/subuid", foreign);
    readRanges("/etc/subgid", foreign);
    for (int i = 0; i < kTries; ++i) {
        std::uint32_t number = 0;
        if (::getrandom(&number, sizeof number, 0) != sizeof number)
            return failErrno("cannot draw a random number");
        const std::int64_t base = kFirst + (number % kSlots) * kIdsPerSandbox;
        bool isFree = !taken.contains(base);
        for (const Range& range : foreign)
            isFree = isFree &&
                     (base + kIdsPerSandbox <= range.begin || range.begin + range.count <= base);
        if (isFree)
            return base;
    }
    return fail(ErrorCode::Conflict,
                "there is no free range of user ids left; remove sandboxes you do not need");
}

} // namespace caisson::daemon
