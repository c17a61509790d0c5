// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/policy/address.h"

#include <cstdint>
#include <sys/types.h>

namespace caisson::keeper {

/// Sockets made inside the sandbox's network namespace; usable from any thread. Non-blocking.
struct CaptureSockets
{
    UniqueFd tcp4; ///< listening: every TCP connection but those to the sandbox itself ends here
    UniqueFd tcp6;
    UniqueFd dnsUdp4;
    UniqueFd dnsUdp6;
    UniqueFd dnsTcp4; ///< listening
    UniqueFd dnsTcp6;
    UniqueFd socketDiagnosis; ///< NETLINK_SOCK_DIAG (sock_diag(7)), for ProcessFinder
};

/// Enters the network namespace of `init` on a thread of its own and makes it one where everything
/// that is sent ends in the returned sockets: lo is up, every address is local (routes `local
/// default dev lo` for both families), TCP and DNS are redirected (nftables), all else is rejected
/// at once. Nothing inside can undo it: init's bounding set has no CAP_NET_ADMIN, and there is no
/// other interface anyway. Blocks for some milliseconds. RuntimeFailed says which step was refused.
Result<CaptureSockets> captureNetwork(pid_t init);

/// The sandbox's end of a connection.
struct ClientEnd
{
    policy::Address destination; ///< that the sandbox dialled
    std::uint16_t port = 0;
    policy::Address source; ///< as sock_diag knows the client's socket
    std::uint16_t sourcePort = 0;
};

struct CapturedConnection : ClientEnd
{
    UniqueFd socket; ///< non-blocking
};

/// One connection of tcp4 or tcp6; Unavailable when none waits or it has gone. A connection straight
/// to the listener is refused (PermissionDenied).
Result<CapturedConnection> acceptCaptured(int listener);

} // namespace caisson::keeper
