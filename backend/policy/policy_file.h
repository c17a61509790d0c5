// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/policy.h"

#include <string>
#include <string_view>

namespace caisson::policy {

/// Left: for who knows which ids rules had that are not there any more (makeMissingIds()).
enum class MissingIds { Made, Left };

/// The text of a policy file (TOML 1.0; the contract lists the keys, and `enabled`, `lasts`, `pid` are
/// of Rule; HTTP Basic is `inject = { basic = { … } }` or `basic = { … }` for short). Refused whole: BadRequest
/// with `detail.line` and `detail.column` and a sentence that names them, for what does not parse, for
/// unknown keys, actions, methods that are no tokens, names that are no hosts, two rules of one id, a
/// rule with neither host nor cidr, `inject` in a rule that is not `allow` or has no host without
/// wildcards in its last two labels or below a public suffix, or names no secret, `tunnel` with methods, a path or inject; all of
/// checkRule(). At most 1 MiB and 10,000 rules.
Result<Policy> parsePolicy(std::string_view toml, MissingIds missing = MissingIds::Made);

/// The text that parsePolicy() reads as `policy`; one key a line, keys at their default left out.
std::string writePolicy(const Policy& policy);

} // namespace caisson::policy
