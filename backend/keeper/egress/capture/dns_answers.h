// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/capture/dns_message.h"
#include "backend/keeper/egress/capture/names.h"

#include <optional>
#include <string>
#include <string_view>

namespace caisson::keeper {

enum class DnsTransport {
    Udp, ///< cut to what the client takes
    Tcp
};
enum class HasV6 {
    No, ///< no AAAA: clients that try the first address only would fail
    Yes
};

/// What is said to a query; none where there must be no answer.
std::optional<std::string> answerDns(std::string_view message, Names& names, DnsTransport transport,
                                     HasV6 hasV6);

} // namespace caisson::keeper
