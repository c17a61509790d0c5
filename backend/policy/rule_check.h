// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/policy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::policy {

inline constexpr std::size_t kMostRules = 10'000;

/// What is wrong with a rule: the key of the file that says so ("host", "inject", …; empty: the rule
/// as a whole) and a sentence for a person.
struct RuleFault
{
    std::string key;
    std::string message;
};

/// Puts a rule's host, path and methods in the form the Matcher compares, and tells the first fault.
/// An empty id is let be.
std::optional<RuleFault> checkRule(Rule& rule);

/// The same for a policy that does not come from a file: each rule, ids made where they are
/// missing, none twice. BadRequest with `detail.rule`, the id or the place from 1, and `detail.key`.
Result<void> checkPolicy(Policy& policy);

/// Gives each rule without an id one that no other has: "r1", "r2", …, of numbers above `above`.
void makeMissingIds(Policy& policy, std::int64_t above = 0);

/// N of "rN"; 0 of any other id.
std::int64_t numberOfId(std::string_view id);

} // namespace caisson::policy
