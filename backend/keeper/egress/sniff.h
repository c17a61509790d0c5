// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace caisson::keeper {

/// What the first bytes of a connection say it speaks.
enum class Speech {
    Unsure, ///< too few bytes to tell
    Tls,
    Http1,
    Http2, ///< in clear, by prior knowledge (RFC 9113, 3.3)
    Other
};

Speech speechOf(std::string_view bytes);

} // namespace caisson::keeper
