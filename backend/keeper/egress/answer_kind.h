// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

namespace caisson::keeper {

/// Whether a body that comes packed (content-encoding) is to be refused where a secret was put in: it
/// could come back in there, and could not be seen. Only what is no text in any case, such as pictures
/// and archives, may be packed; of a type that is missing, unknown or said twice nobody can tell.
bool mayHideSecret(const http::ResponseHead& head);

/// Whether the method's answer is the request as it came (RFC 9110, 9.3.8): TRACE, and its old
/// relative TRACK.
bool isEchoed(std::string_view method);

} // namespace caisson::keeper
