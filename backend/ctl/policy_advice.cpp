// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/policy_advice.h"

#include <algorithm>

namespace caisson::ctl {

namespace {

/// Port 80 speaks plain HTTP, and is meant where no ports are named.
bool isSentInClear(const api::EgressRule& rule)
{
    return rule.enabled && rule.inject &&
           (rule.ports.empty() || std::ranges::contains(rule.ports, 80));
}

} // namespace

std::string clearSecretAdvice(std::span<const api::EgressRule> rules)
{
    std::string ids;
    int count = 0;
    for (const api::EgressRule& rule : rules) {
        if (!isSentInClear(rule))
            continue;
        ids += (ids.empty() ? "" : ", ") + rule.id;
        ++count;
    }
    if (count == 0)
        return {};
    return (count == 1 ? "rule " + ids + " puts its secret"
                       : "rules " + ids + " put their secrets") +
           " into http:// requests, too, which everybody on the way can read; ports 443 alone "
           "keeps to "
           "https";
}

} // namespace caisson::ctl
