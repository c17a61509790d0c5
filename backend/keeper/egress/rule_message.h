// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/policy/policy.h"

namespace caisson::keeper {

/// Rules of the policy library as messages of the API, and back. BadRequest for what no policy file
/// could say; whether rules make sense together is parsePolicy()'s to tell.
api::EgressRule messageOf(const policy::Rule& rule);
Result<policy::Rule> ruleOf(const api::EgressRule& message);
Result<policy::Action> actionOf(std::string_view word);

} // namespace caisson::keeper
