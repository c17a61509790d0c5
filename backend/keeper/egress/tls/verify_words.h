// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/x509.h>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// One sentence for a person: why `certificate` (may be null) is not good for `host`. What comes
/// out of the certificate is cut short and has no character that could do harm in a terminal.
/// `error` is one of X509_V_ERR_*.
std::string certificateComplaint(std::string_view host, int error, X509* certificate);

} // namespace caisson::keeper
