// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>

namespace caisson::keeper::http {

/// The body of the answer to a head that is refused before anybody could decide on it, with the words of a
/// refusal by the policy: {"error", "code", "verdict", "rule", "why"}.
std::string refusedHeadBody(const Error& error);

} // namespace caisson::keeper::http
