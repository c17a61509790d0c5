// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>
#include <string_view>

namespace caisson::policy {

/// The path of an HTTP target as it is decided on and then sent: dot segments removed (RFC 3986,
/// 5.2.4), escapes of unreserved characters undone, the others in upper case. The query is kept as
/// it is ("/a/../b?x=1" → "/b?x=1"). BadRequest where two readers could disagree: no leading '/',
/// a broken escape, an escaped '\' or NUL, a '\', a '#', a control character, a space, a byte
/// over 127 or UTF-8 in a form that is too long (%C0%AF), dots that would climb over an empty segment, dots with a parameter ("..;x") or beside
/// an escaped '/'. Other escaped slashes stay escaped: npm asks for "/@scope%2Fname"; the Matcher
/// knows that there are servers which undo them. In the query '\' and broken escapes are let be.
Result<std::string> normalisedTarget(std::string_view target);

/// The same for the path pattern of a rule, in which `\*` is a plain star, and what stands behind a
/// '?' is a pattern for the query. In that `\\` is a plain backslash, and a broken escape itself.
Result<std::string> normalisedPattern(std::string_view pattern);

/// A query in the spelling of normalisedPattern(): nobody may tell the two apart (RFC 3986, 2.3).
/// What stands for itself there stays.
std::string comparableQuery(std::string_view query);

/// Whether escapes in it are UTF-8 in a form that is too long. A query may have such.
bool hasOverlong(std::string_view text);

/// "/b?x=1" → "/b".
std::string_view pathOf(std::string_view target);
/// "/b?x=1" → "x=1"; empty without a query.
std::string_view queryOf(std::string_view target);

} // namespace caisson::policy
