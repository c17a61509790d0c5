// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/policy.h"

#include <set>
#include <string>
#include <string_view>

namespace caisson::policy {

/// That every secret which `policy` puts in is stored, or is put in by the policy that is in force
/// already: that one may stay, each of its requests being refused with the reason. BadRequest with
/// `detail.secret`, and with `detail.line` and `detail.column` where `toml` is the text of the policy.
Result<void> checkSecrets(const Policy& policy, const std::set<std::string>& stored,
                          const Policy& inForce, std::string_view toml = {});

} // namespace caisson::policy
