// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/keeper/egress/capture/capture.h"
#include "backend/keeper/egress/capture/names.h"

#include <chrono>
#include <memory>

namespace caisson::keeper {

/// Answers the sandbox's DNS over UDP and TCP (RFC 1035, RFC 7766) out of Names; nothing is ever
/// asked outside. A and AAAA: the name's synthetic addresses, TTL 60 (no AAAA on a host without IPv6).
/// HTTPS, SVCB, MX, TXT and every other type: no data (NOERROR, empty, with an SOA so that it is
/// cached). PTR of a synthetic address: its name. localhost (RFC 6761): the loopback. .invalid,
/// .onion, names that are none: NXDOMAIN. What cannot be read is FORMERR, or dropped where it is no
/// query. No room for more names (see Names): SERVFAIL. At most 64 TCP connections, 10 s idle.
class DnsServer
{
public:
    /// `idle`: how long a TCP connection may take for one message.
    DnsServer(api::asio::any_io_executor executor, Names& names,
              std::chrono::milliseconds idle = std::chrono::seconds(10));
    ~DnsServer();

    /// Serves until destroyed, on the executor's thread. Takes the four DNS sockets out of `sockets`.
    void start(CaptureSockets& sockets);

private:
    struct Impl;
    std::shared_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
