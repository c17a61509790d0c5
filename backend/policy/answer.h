// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/decide.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::policy {

/// How far an answer to a prompt reaches.
enum class Scope {
    Request, ///< this method, this very path and this very query, or none
    Path,    ///< this method, this path and all below it
    Host,    ///< everything of this host and port
    Domain ///< everything of the host's main domain and what is below it; of a public suffix, as Host
};

enum class Duration { Once, Process, Quarter, Session, Always };

/// "request", "path", "host", "domain"; "once", "process", "15m", "session", "always".
std::optional<Scope> scopeFromName(std::string_view name);
std::optional<Duration> durationFromName(std::string_view name);
std::string_view scopeName(Scope scope);
std::string_view durationName(Duration duration);

/// Whether an answer for these methods is one to this request: each is a method and, where the request
/// is of HTTP and any are given, its own is among them. BadRequest. None: the scope's.
Result<void> checkAnswerMethods(const Request& request, const std::vector<std::string>& methods);

/// The rule that an answer means: action Allow or Deny, id empty, `expires` for Quarter, `lasts`
/// and pid for Session and Process. None for Once. Methods: those given, else for Scope::Request and
/// Path the request's own, else any. A query that no pattern can name (hasOverlong()) makes a rule that
/// checkPolicy() refuses. The port is named where it is not 80 or 443, or for Tcp.
std::optional<Rule> ruleOfAnswer(const Request& request, Action action, Scope scope,
                                 Duration duration, std::vector<std::string> methods, WallTime now);

} // namespace caisson::policy
