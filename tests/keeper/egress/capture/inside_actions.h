// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>

/// What processes of a sandbox do in these tests, with the plain calls that libraries wrap. Answers are
/// "ok" or the name of an errno; whoever is not answered within 2 s hears "timed out".
namespace caisson::test {

struct Endpoint
{
    sockaddr_storage storage{};
    socklen_t size = 0;

    /// `address` in text; of IPv6 with lo as the zone where one is needed.
    Endpoint(std::string_view address, std::uint16_t port);
    int family() const { return storage.ss_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// "203.0.113.1 443", of getsockname(2), getpeername(2), recvfrom(2).
std::string textOf(const sockaddr_storage& address);
std::string localOf(int socket);

std::string errnoName(int number);

/// A TCP connection, or why there is none.
std::string connectTo(UniqueFd& socket, const Endpoint& endpoint);
/// The same, and no more.
std::string dial(std::string_view address, std::uint16_t port);

/// Up to a kilobyte.
std::string receive(int socket);

/// A socket that is bound there, and listens if it is a stream; none: errno says why.
UniqueFd boundTo(int type, std::string_view address, std::uint16_t port);

/// Sends a datagram from a socket that is not connected.
std::string sendTo(int type, int protocol, std::string_view address, std::uint16_t port);
/// Connects a datagram socket, sends, and waits for what is said to that.
std::string askDatagram(std::string_view address, std::uint16_t port);

} // namespace caisson::test
