// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace caisson::keeper {

/// What the first bytes of a connection say it speaks. A rule for streams must let no request and no
/// TLS pass unseen, so whatever some server would take for one counts as one, also where it is
/// malformed: its parser then refuses it.
enum class Speech {
    Unsure, ///< too few bytes to tell
    Tls,
    Http1,
    Http2, ///< in clear, by prior knowledge (RFC 9113, 3.3)
    Other
};

Speech speechOf(std::string_view bytes);

/// The same of bytes that nothing may be waited for to follow, while more could: what could still
/// become TLS or HTTP is taken for that, or whoever pauses in the midst of it would pass.
Speech speechSoFar(std::string_view bytes);

} // namespace caisson::keeper
