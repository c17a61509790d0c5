// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <string>

namespace caisson::keeper {

/// A request that does not pass is told so, readably by people and programs (http::refusalBody()). One
/// that passed and failed further on (a status of 500 and above) was denied by nobody: that has no
/// verdict and no rule.
struct Refusal
{
    int status = 403;
    std::string code = "egress_denied";
    std::string rule = "default";
    std::string why;
};

/// Answers with it, if that is still possible.
api::Task<void> respondRefusal(const Refusal& refusal, bool isHead, http::Responder& responder);

} // namespace caisson::keeper
