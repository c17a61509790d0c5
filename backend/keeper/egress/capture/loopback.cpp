// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/loopback.h"

#include "backend/base/unique_fd.h"
#include "backend/keeper/egress/capture/own_addresses.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

namespace caisson::keeper {

namespace {

/// Of a fresh network namespace, always (LOOPBACK_IFINDEX in the kernel).
constexpr int kLoopback = 1;

/// One request of rtnetlink(7): a head, a fixed part and attributes.
class Request
{
public:
    template<class Body>
    Request(std::uint16_t type, std::uint16_t flags, const Body& body)
    {
        m_head.nlmsg_type = type;
        m_head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        m_head.nlmsg_len = NLMSG_LENGTH(sizeof body);
        std::memcpy(m_bytes.data() + NLMSG_HDRLEN, &body, sizeof body);
    }

    void add(std::uint16_t type, std::span<const std::uint8_t> value)
    {
        const std::size_t at = NLMSG_ALIGN(m_head.nlmsg_len);
        rtattr attribute{};
        attribute.rta_type = type;
        attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
        std::memcpy(m_bytes.data() + at, &attribute, sizeof attribute);
        std::memcpy(m_bytes.data() + at + RTA_LENGTH(0), value.data(), value.size());
        m_head.nlmsg_len = static_cast<std::uint32_t>(at + attribute.rta_len);
    }

    void add(std::uint16_t type, std::uint32_t value)
    {
        std::array<std::uint8_t, sizeof value> bytes;
        std::memcpy(bytes.data(), &value, sizeof value);
        add(type, bytes);
    }

    std::span<const std::byte> bytes()
    {
        std::memcpy(m_bytes.data(), &m_head, sizeof m_head);
        return std::span(m_bytes).first(m_head.nlmsg_len);
    }

private:
    nlmsghdr m_head{};
    std::array<std::byte, 128> m_bytes{};
};

/// Sends a request and waits for its answer, which the kernel has ready at once; 0 or an errno.
int ask(int socket, Request request)
{
    const auto bytes = request.bytes();
    if (::send(socket, bytes.data(), bytes.size(), 0) < 0)
        return errno;
    struct
    {
        nlmsghdr head;
        nlmsgerr error;
        std::array<std::byte, 512> rest;
    } answer;
    const ssize_t size = ::recv(socket, &answer, sizeof answer, 0);
    if (size < 0)
        return errno;
    if (static_cast<std::size_t>(size) < sizeof answer.head + sizeof answer.error.error ||
        answer.head.nlmsg_type != NLMSG_ERROR)
        return EPROTO;
    return -answer.error.error;
}

Request upRequest()
{
    ifinfomsg link{};
    link.ifi_index = kLoopback;
    link.ifi_flags = IFF_UP;
    link.ifi_change = IFF_UP;
    return Request(RTM_NEWLINK, 0, link);
}

Request addressRequest(std::uint8_t family, std::span<const std::uint8_t> address)
{
    ifaddrmsg body{};
    body.ifa_family = family;
    body.ifa_prefixlen = static_cast<std::uint8_t>(address.size() * 8);
    body.ifa_flags = IFA_F_PERMANENT | (family == AF_INET6 ? IFA_F_NODAD : 0);
    body.ifa_scope = RT_SCOPE_UNIVERSE;
    body.ifa_index = kLoopback;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, body);
    request.add(IFA_LOCAL, address);
    request.add(IFA_ADDRESS, address);
    return request;
}

/// `local default dev lo src ADDRESS`. Without a source, the kernel takes that of the destination,
/// and a connection would come from where it goes to.
Request routeRequest(std::uint8_t family, std::span<const std::uint8_t> source)
{
    rtmsg body{};
    body.rtm_family = family;
    body.rtm_table = RT_TABLE_LOCAL;
    body.rtm_protocol = RTPROT_STATIC;
    body.rtm_scope = RT_SCOPE_HOST;
    body.rtm_type = RTN_LOCAL;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body);
    request.add(RTA_OIF, static_cast<std::uint32_t>(kLoopback));
    request.add(RTA_PREFSRC, source);
    return request;
}

std::unexpected<Error> refused(int number, std::string_view step)
{
    return fail(ErrorCode::RuntimeFailed, errnoError(number, step).message);
}

} // namespace

Result<Families> makeEverythingLocal()
{
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket)
        return refused(errno, "cannot speak to the sandbox's network");
    if (const int error = ask(socket.get(), upRequest()))
        return refused(error, "cannot bring up the sandbox's loopback interface");
    const auto v4 = syntheticV4(kSandboxNumber);
    if (const int error = ask(socket.get(), addressRequest(AF_INET, v4)))
        return refused(error, "cannot give the sandbox an IPv4 address");
    if (const int error = ask(socket.get(), routeRequest(AF_INET, v4)))
        return refused(error, "cannot route the sandbox's IPv4 to its keeper");

    const auto v6 = syntheticV6(kSandboxNumber);
    const int error = ask(socket.get(), addressRequest(AF_INET6, v6));
    // ipv6.disable=1 or no IPv6 in the kernel; net.ipv6.conf.*.disable_ipv6 = 1.
    if (error == EAFNOSUPPORT || error == EOPNOTSUPP || error == EACCES)
        return Families::V4;
    if (error != 0)
        return refused(error, "cannot give the sandbox an IPv6 address");
    if (const int routeError = ask(socket.get(), routeRequest(AF_INET6, v6)))
        return refused(routeError, "cannot route the sandbox's IPv6 to its keeper");
    return Families::V4AndV6;
}

} // namespace caisson::keeper
