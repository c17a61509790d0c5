// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <string_view>

namespace caisson::keeper::http {

/// RFC 9110, 5.6.2.
bool isToken(std::string_view text);
/// Without CR, LF, NUL and other control characters but HT (RFC 9110, 5.5).
bool isFieldValue(std::string_view text);
bool equalsIgnoringCase(std::string_view a, std::string_view b);
std::string toLowerCase(std::string_view text);
/// The members of a comma-separated list (RFC 9110, 5.6.1), trimmed, empty ones left out.
std::vector<std::string_view> listMembers(std::string_view value);

/// Removes what is of one hop only: connection and the fields it names, keep-alive, proxy-*,
/// transfer-encoding, upgrade, and te unless it says trailers.
void removeHopFields(Fields& fields);

/// Whether a trailer may bear the name. Not those that say where a message goes or ends, who asks,
/// or how it is to be read (RFC 9110, 6.5.1): there are servers that take them for the head's.
bool mayBeTrailer(std::string_view name);
/// Removes those that may not.
void removeUnfitTrailers(Fields& trailers);

} // namespace caisson::keeper::http
