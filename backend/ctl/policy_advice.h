// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <span>
#include <string>

namespace caisson::ctl {

/// One line for whoever set these rules, where some put their secret into http:// requests, too, which
/// everybody on the way can read; empty: none does.
std::string clearSecretAdvice(std::span<const api::EgressRule> rules);

} // namespace caisson::ctl
