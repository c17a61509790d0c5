// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

namespace caisson::keeper {

/// Puts the packet rules (nftables) into the calling thread's network namespace, all or none:
///  - what goes to the sandbox's own addresses (loopback, kSandboxNumber) passes;
///  - TCP to anywhere else is taken up by the transparent listeners, port 53 by the one for DNS;
///  - UDP to port 53 goes to the socket for DNS, and the answer comes from where it was asked;
///  - everything else is rejected as it is sent: send(2) fails with EPERM, and connected sockets
///    get the ICMP error, too.
Result<void> addPacketRules();

} // namespace caisson::keeper
