// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/capture.h"

#include "backend/keeper/egress/capture/loopback.h"
#include "backend/keeper/egress/capture/own_addresses.h"
#include "backend/keeper/egress/capture/packet_rules.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

namespace caisson::keeper {

namespace {

/// The kernel cuts it to net.core.somaxconn. A burst of clients must not wait for SYN to be sent again.
constexpr int kBacklog = 4096;

std::unexpected<Error> refused(std::string_view step)
{
    return fail(ErrorCode::RuntimeFailed, errnoError(errno, step).message);
}

/// Either family, as bind(2) and getsockname(2) want it.
struct SocketAddress
{
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

    std::optional<std::pair<policy::Address, std::uint16_t>> read() const
    {
        if (storage.ss_family == AF_INET) {
            sockaddr_in in{};
            std::memcpy(&in, &storage, sizeof in);
            std::array<std::uint8_t, 4> bytes;
            std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
            return std::pair(policy::Address::v4(bytes), ntohs(in.sin_port));
        }
        if (storage.ss_family == AF_INET6) {
            sockaddr_in6 in{};
            std::memcpy(&in, &storage, sizeof in);
            std::array<std::uint8_t, 16> bytes;
            std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
            return std::pair(policy::Address::v6(bytes), ntohs(in.sin6_port));
        }
        return std::nullopt;
    }
};

SocketAddress listenerAddress(int family, std::uint16_t port)
{
    SocketAddress address;
    if (family == AF_INET) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        const auto bytes = syntheticV4(kListenerNumber);
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&address.storage, &in, sizeof in);
        address.size = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        const auto bytes = syntheticV6(kListenerNumber);
        std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&address.storage, &in, sizeof in);
        address.size = sizeof in;
    }
    return address;
}

/// No SO_REUSEADDR and no SO_REUSEPORT: nothing inside can bind the same.
Result<UniqueFd> bound(int family, int type, std::uint16_t port)
{
    UniqueFd socket(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return refused("cannot make a socket in the sandbox's network");
    const int on = 1;
    if (family == AF_INET6 &&
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return refused("cannot keep a socket to IPv6");
    // What tproxy asks of listeners; it also lets IPv6 bind an address that no interface has.
    const int failed =
        family == AF_INET
            ? ::setsockopt(socket.get(), IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on)
            : ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof on);
    if (failed != 0)
        return refused("cannot make a socket transparent");
    // Connections inherit it from their listener.
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &kKeeperMark, sizeof kKeeperMark) != 0)
        return refused("cannot mark a socket as the keeper's");
    SocketAddress address = listenerAddress(family, port);
    if (::bind(socket.get(), address.get(), address.size) != 0)
        return refused("cannot bind in the sandbox's network");
    if (type == SOCK_STREAM && ::listen(socket.get(), kBacklog) != 0)
        return refused("cannot listen in the sandbox's network");
    return socket;
}

/// In the sandbox's network. The listeners come first: from the rules on, nothing is without one.
Result<CaptureSockets> captureHere()
{
    const Result<Families> families = makeEverythingLocal();
    if (!families)
        return std::unexpected(families.error());
    CaptureSockets sockets;
    struct Wanted
    {
        UniqueFd& socket;
        int family;
        int type;
        std::uint16_t port;
    };
    const Wanted all[] = {
        {sockets.tcp4, AF_INET, SOCK_STREAM, kTcpPort},
        {sockets.dnsTcp4, AF_INET, SOCK_STREAM, kDnsPort},
        {sockets.dnsUdp4, AF_INET, SOCK_DGRAM, kDnsPort},
        {sockets.tcp6, AF_INET6, SOCK_STREAM, kTcpPort},
        {sockets.dnsTcp6, AF_INET6, SOCK_STREAM, kDnsPort},
        {sockets.dnsUdp6, AF_INET6, SOCK_DGRAM, kDnsPort},
    };
    for (const Wanted& wanted : all) {
        if (wanted.family == AF_INET6 && *families == Families::V4)
            continue;
        Result<UniqueFd> socket = bound(wanted.family, wanted.type, wanted.port);
        if (!socket)
            return std::unexpected(socket.error());
        wanted.socket = std::move(*socket);
    }
    sockets.socketDiagnosis.reset(
        ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!sockets.socketDiagnosis)
        return refused("cannot look at the sandbox's sockets");
    if (Result<void> added = addPacketRules(); !added)
        return std::unexpected(added.error());
    return sockets;
}

} // namespace

Result<CaptureSockets> captureNetwork(pid_t init)
{
    const UniqueFd network(
        ::open(std::format("/proc/{}/ns/net", init).c_str(), O_RDONLY | O_CLOEXEC));
    if (!network)
        return refused("cannot open the sandbox's network");
    Result<CaptureSockets> captured;
    // The namespace is the thread's alone, and gone with it; the sockets keep theirs.
    std::thread thread([&] {
        if (::setns(network.get(), CLONE_NEWNET) != 0)
            captured = refused("cannot enter the sandbox's network");
        else
            captured = captureHere();
    });
    thread.join();
    return captured;
}

Result<CapturedConnection> acceptCaptured(int listener)
{
    CapturedConnection connection;
    SocketAddress peer;
    connection.socket.reset(
        ::accept4(listener, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.socket) {
        // What accept(2) says of one connection that has gone is no failure of the listener.
        const bool isGone = errno == EAGAIN || errno == ECONNABORTED || errno == EINTR ||
                            errno == EPERM || errno == EPROTO;
        if (isGone)
            return fail(ErrorCode::Unavailable, "no connection waits");
        return failErrno("cannot accept a connection of the sandbox");
    }
    SocketAddress local;
    SocketAddress own;
    if (::getsockname(connection.socket.get(), local.get(), &local.size) != 0 ||
        ::getsockname(listener, own.get(), &own.size) != 0)
        return failErrno("cannot tell where a connection was to go");
    const auto destination = local.read();
    const auto source = peer.read();
    if (!destination || !source)
        return fail(ErrorCode::Unavailable, "a connection of the sandbox is of no known family");
    if (destination == own.read())
        return fail(ErrorCode::PermissionDenied, "the sandbox dialled its keeper's own listener");
    std::tie(connection.destination, connection.port) = *destination;
    std::tie(connection.source, connection.sourcePort) = *source;
    return connection;
}

} // namespace caisson::keeper
