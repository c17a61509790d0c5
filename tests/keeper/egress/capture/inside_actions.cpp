// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/capture/inside_actions.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <format>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/time.h>

namespace caisson::test {

namespace {

constexpr std::uint32_t kLoopback = 1;
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};

UniqueFd patientSocket(int family, int type, int protocol)
{
    UniqueFd socket(::socket(family, type | SOCK_CLOEXEC, protocol));
    // A blocking connect(2) obeys the limit of sending (socket(7)).
    if (socket &&
        (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
         ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0))
        socket.reset();
    return socket;
}

} // namespace

Endpoint::Endpoint(std::string_view address, std::uint16_t port)
{
    const std::string text(address);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&storage, &v4, sizeof v4);
        size = sizeof v4;
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) || IN6_IS_ADDR_MULTICAST(&v6.sin6_addr))
            v6.sin6_scope_id = kLoopback;
        std::memcpy(&storage, &v6, sizeof v6);
        size = sizeof v6;
    }
}

std::string textOf(const sockaddr_storage& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
        return std::format("{} {}", text.data(), ntohs(in.sin_port));
    }
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    return std::format("{} {}", text.data(), ntohs(in.sin6_port));
}

std::string localOf(int socket)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return errnoName(errno);
    return textOf(address);
}

std::string errnoName(int number)
{
    if (number == EAGAIN || number == EINPROGRESS || number == ETIMEDOUT)
        return "timed out";
    const char* name = ::strerrorname_np(number);
    return name ? name : std::to_string(number);
}

std::string connectTo(UniqueFd& socket, const Endpoint& endpoint)
{
    if (!socket)
        socket = patientSocket(endpoint.family(), SOCK_STREAM, 0);
    if (!socket || ::connect(socket.get(), endpoint.get(), endpoint.size) != 0)
        return errnoName(errno);
    return "ok";
}

std::string dial(std::string_view address, std::uint16_t port)
{
    UniqueFd socket;
    return connectTo(socket, Endpoint(address, port));
}

std::string receive(int socket)
{
    std::array<char, 1024> room;
    const ssize_t size = ::recv(socket, room.data(), room.size(), 0);
    return size >= 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : errnoName(errno);
}

UniqueFd boundTo(int type, std::string_view address, std::uint16_t port)
{
    const Endpoint endpoint(address, port);
    UniqueFd socket = patientSocket(endpoint.family(), type, 0);
    if (!socket || ::bind(socket.get(), endpoint.get(), endpoint.size) != 0 ||
        (type == SOCK_STREAM && ::listen(socket.get(), 16) != 0)) {
        const int why = errno;
        socket.reset();
        errno = why;
    }
    return socket;
}

std::string sendTo(int type, int protocol, std::string_view address, std::uint16_t port)
{
    const Endpoint endpoint(address, port);
    const UniqueFd socket = patientSocket(endpoint.family(), type, protocol);
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0)
        return "no socket: " + errnoName(errno);
    const std::array<char, 16> bytes = {8}; // of ICMP: an echo request
    if (::sendto(socket.get(), bytes.data(), bytes.size(), 0, endpoint.get(), endpoint.size) < 0)
        return errnoName(errno);
    return "ok";
}

std::string askDatagram(std::string_view address, std::uint16_t port)
{
    const Endpoint endpoint(address, port);
    const UniqueFd socket = patientSocket(endpoint.family(), SOCK_DGRAM, 0);
    if (!socket || ::connect(socket.get(), endpoint.get(), endpoint.size) != 0)
        return "no socket: " + errnoName(errno);
    const std::string sent = ::send(socket.get(), "x", 1, 0) < 0 ? errnoName(errno) : "ok";
    return sent + ", " + receive(socket.get());
}

} // namespace caisson::test
