// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/airlock_parts.h"
#include "backend/keeper/egress/http/exchange.h"
#include "backend/keeper/egress/wanted.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// Longer ones few servers take (nginx and Apache 8 kB, Node 16 kB for a whole head); RFC 9112, 3, wants 8,000
/// bytes at least. Prompts, rows and rules all hold it.
inline constexpr std::size_t kMaxTarget = 16 * 1024;

/// "host", "host:port", "[v6]:port". None for anything else.
struct NamedHost
{
    std::string host; ///< canonical
    std::optional<std::uint16_t> port;
};
std::optional<NamedHost> namedHost(std::string_view text);

/// What a request on a connection to `origin` wants. What is decided on is what is sent: the target of
/// `head` is normalised here, and its authority made one. PermissionDenied: it is for another host than
/// the one that was dialled (421); TooLarge: its URL is (414); BadRequest: anything else (400).
Result<Wanted> requested(http::RequestHead& head, const RequestOrigin& origin);

} // namespace caisson::keeper
