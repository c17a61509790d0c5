// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

/// What the first bytes of a connection tell (RFC 8446, 4.1.2), without trusting them.
struct ClientHello
{
    std::string serverName; ///< as sent; empty: none
    std::vector<std::string> alpn;
    bool hasEncryptedHello = false; ///< ECH (its outer name is not the real one)
};
enum class HelloState { Incomplete, Complete, NotTls, Malformed };
struct HelloOutcome
{
    HelloState state = HelloState::Incomplete;
    ClientHello hello;
};
/// Pure; at most 64 KiB of records are looked at, beyond that it is Malformed.
HelloOutcome parseClientHello(std::string_view bytes);

/// A fatal alert record for a connection that is refused before TLS is opened (RFC 8446, 6):
/// access_denied (49), unrecognized_name (112).
std::string tlsAlert(std::uint8_t description);

} // namespace caisson::keeper
