// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <set>

namespace caisson::daemon {

/// How many ids a sandbox has: what programs and packages expect (subuid(5)).
inline constexpr std::int64_t kIdsPerSandbox = 65536;

/// The first of a range of ids that nobody else has: not in `taken`, and overlapping nothing in
/// /etc/subuid and /etc/subgid. Drawn at random, so that two homes of one root hardly meet.
Result<std::int64_t> findFreeIdBase(const std::set<std::int64_t>& taken);

} // namespace caisson::daemon
