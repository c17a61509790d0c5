// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/keeperlink.h"
#include "backend/base/unique_fd.h"

#include <boost/asio/generic/seq_packet_protocol.hpp>
#include <string>

namespace caisson::api {

struct Packet
{
    KeeperMessage kind{};
    std::string payload;
    UniqueFd descriptor; ///< of a Connection
};

/// One end of the link of keeperlink.h. One reader and one writer at a time.
class PacketSocket
{
public:
    PacketSocket(const asio::any_io_executor& executor, UniqueFd socket);

    /// `descriptor` travels beside the packet; the caller keeps its own.
    Task<Result<void>> send(KeeperMessage kind, std::string payload, int descriptor = -1);

    /// Unavailable when the peer is gone, Protocol for a packet over kMaxKeeperPacket.
    Task<Result<Packet>> receive();

    void close();

private:
    asio::generic::seq_packet_protocol::socket m_socket;
};

/// A listening SOCK_SEQPACKET socket, and a connection to one.
Result<UniqueFd> listenForPackets(const std::string& path);
Result<UniqueFd> connectForPackets(const std::string& path);

} // namespace caisson::api
