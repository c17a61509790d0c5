// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/packet_socket.h"

#include "backend/api/paths.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace caisson::api {

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

Result<sockaddr_un> socketAddress(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::BadRequest, "the socket's path is too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Result<UniqueFd> packetSocket()
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return failErrno("cannot make a socket");
    // A whole head and read-ahead must fit one packet.
    const int size = 4 * static_cast<int>(kMaxKeeperPacket);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
        return failErrno("cannot size a socket's buffer");
    return fd;
}

} // namespace

PacketSocket::PacketSocket(const asio::any_io_executor& executor, UniqueFd socket)
    : m_socket(executor, asio::generic::seq_packet_protocol(AF_UNIX, 0), socket.release())
{
    const int size = 4 * static_cast<int>(kMaxKeeperPacket);
    ::setsockopt(m_socket.native_handle(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

Task<Result<void>> PacketSocket::send(KeeperMessage kind, std::string payload, int descriptor)
{
    char first = static_cast<char>(kind);
    iovec parts[2] = {{&first, 1}, {payload.data(), payload.size()}};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    }
    for (;;) {
        if (::sendmsg(m_socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            co_return Result<void>{};
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            co_return failErrno("the other side of the keeper's link is gone");
        const auto [code] = co_await m_socket.async_wait(asio::socket_base::wait_write, kTuple);
        if (code)
            co_return failAsio(code, "the keeper's link");
    }
}

Task<Result<Packet>> PacketSocket::receive()
{
    std::string room(kMaxKeeperPacket, '\0');
    for (;;) {
        iovec part{room.data(), room.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t got =
            ::recvmsg(m_socket.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            const auto [code] = co_await m_socket.async_wait(asio::socket_base::wait_read, kTuple);
            if (code)
                co_return failAsio(code, "the keeper's link");
            continue;
        }
        if (got < 0)
            co_return failErrno("the keeper's link");
        Packet packet;
        if (const cmsghdr* head = CMSG_FIRSTHDR(&message);
            head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
            packet.descriptor.reset(descriptor);
        }
        if (got == 0)
            co_return fail(ErrorCode::Unavailable, "the other side closed the keeper's link");
        if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
            co_return fail(ErrorCode::Protocol, "a packet on the keeper's link is too large");
        packet.kind = static_cast<KeeperMessage>(room.front());
        packet.payload.assign(room, 1, static_cast<std::size_t>(got) - 1);
        co_return packet;
    }
}

void PacketSocket::close()
{
    boost::system::error_code ignored; // closing is all that is wanted
    m_socket.close(ignored);
}

Result<UniqueFd> listenForPackets(const std::string& path)
{
    Result<UniqueFd> fd = packetSocket();
    if (!fd)
        return fd;
    ::unlink(path.c_str());
    const Result<UnixAddress> reachable = UnixAddress::of(path);
    if (!reachable)
        return std::unexpected(reachable.error());
    const Result<sockaddr_un> address = socketAddress(reachable->path());
    if (!address)
        return std::unexpected(address.error());
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
        ::listen(fd->get(), 4) != 0)
        return failErrno("cannot listen on " + path);
    return fd;
}

Result<UniqueFd> connectForPackets(const std::string& path)
{
    Result<UniqueFd> fd = packetSocket();
    if (!fd)
        return fd;
    const Result<UnixAddress> reachable = UnixAddress::of(path);
    if (!reachable)
        return std::unexpected(reachable.error());
    const Result<sockaddr_un> address = socketAddress(reachable->path());
    if (!address)
        return std::unexpected(address.error());
    // Within the backlog this does not block; beyond it, EAGAIN says that nobody accepts.
    if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return failErrno("cannot connect to " + path);
    return fd;
}

} // namespace caisson::api
