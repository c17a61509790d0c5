// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/policy/decide.h"

#include <optional>
#include <vector>

namespace caisson::policy {

/// What a Matcher decides, said again as plainly as possible and from the header's words alone: all
/// rules from the top, recursion in place of cleverness, nothing made ready. None: the default.
std::optional<std::size_t> firstRule(const Policy& policy, const std::vector<Moment>& expiries,
                                     const Request& request, Moment now);

bool passesUnopened(const Policy& policy, const std::vector<Moment>& expiries,
                    const Request& request, Moment now);

} // namespace caisson::policy
