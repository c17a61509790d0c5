// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>

namespace caisson::keeper::http {

/// The one form in which a request is told that it does not pass: {"error": sentence, "code": word,
/// "verdict": "deny", "rule": id, "why": sentence}. `rule` empty: nobody denied it, and it has neither
/// verdict nor rule.
std::string refusalBody(const std::string& sentence, const std::string& code,
                        const std::string& rule, const std::string& why);

/// That of a head which is refused before anybody could decide on it.
std::string refusedHeadBody(const Error& error);

} // namespace caisson::keeper::http
