// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/nf_tables.h"

#include "backend/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <format>
#include <tuple>
#include <type_traits>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace caisson::keeper::nft {

namespace {

/// Of a number or a struct, as it lies in memory.
std::string_view bytesOf(const auto& value)
    requires(std::is_trivially_copyable_v<std::remove_cvref_t<decltype(value)>> &&
             !requires { value.data(); })
{
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string_view view(std::span<const std::uint8_t> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string attribute(std::uint16_t type, std::string_view value)
{
    const nlattr head{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type};
    std::string bytes(bytesOf(head));
    bytes += value;
    bytes.resize(NLA_ALIGN(bytes.size()));
    return bytes;
}

/// Numbers in attributes are big-endian, those in registers as they come.
std::string number(std::uint16_t type, std::uint32_t value)
{
    return attribute(type, bytesOf(htonl(value)));
}

/// The kernel wants the zero at the end counted.
std::string text(std::uint16_t type, std::string_view value)
{
    return attribute(type, std::string(value) + '\0');
}

std::string nested(std::uint16_t type, std::string_view attributes)
{
    return attribute(type | NLA_F_NESTED, attributes);
}

Part expression(std::string_view name, std::string_view attributes)
{
    return nested(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name) + nested(NFTA_EXPR_DATA, attributes));
}

Part loadMeta(std::uint32_t key)
{
    return expression("meta", number(NFTA_META_KEY, key) + number(NFTA_META_DREG, NFT_REG_1));
}

Part loadPacket(std::uint32_t base, std::uint32_t offset, std::size_t length)
{
    return expression("payload", number(NFTA_PAYLOAD_DREG, NFT_REG_1) +
                                     number(NFTA_PAYLOAD_BASE, base) +
                                     number(NFTA_PAYLOAD_OFFSET, offset) +
                                     number(NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(length)));
}

Part compare(std::string_view value, std::uint32_t how = NFT_CMP_EQ)
{
    return expression("cmp", number(NFTA_CMP_SREG, NFT_REG_1) + number(NFTA_CMP_OP, how) +
                                 nested(NFTA_CMP_DATA, attribute(NFTA_DATA_VALUE, value)));
}

Part setRegister(std::uint32_t target, std::string_view value)
{
    return expression("immediate",
                      number(NFTA_IMMEDIATE_DREG, target) +
                          nested(NFTA_IMMEDIATE_DATA, attribute(NFTA_DATA_VALUE, value)));
}

Part verdict(std::int32_t code, std::string_view chain = {})
{
    std::string attributes = number(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (!chain.empty())
        attributes += text(NFTA_VERDICT_CHAIN, chain);
    return expression("immediate",
                      number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT) +
                          nested(NFTA_IMMEDIATE_DATA, nested(NFTA_DATA_VERDICT, attributes)));
}

Part nat(std::uint32_t family, std::string_view address, std::uint16_t port)
{
    return setRegister(NFT_REG_1, address) + setRegister(NFT_REG_2, bytesOf(htons(port))) +
           expression("nat", number(NFTA_NAT_TYPE, NFT_NAT_DNAT) + number(NFTA_NAT_FAMILY, family) +
                                 number(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1) +
                                 number(NFTA_NAT_REG_PROTO_MIN, NFT_REG_2));
}

Part transparent(std::uint32_t family, std::string_view address, std::uint16_t port)
{
    return setRegister(NFT_REG_1, address) + setRegister(NFT_REG_2, bytesOf(htons(port))) +
           expression("tproxy", number(NFTA_TPROXY_FAMILY, family) +
                                    number(NFTA_TPROXY_REG_ADDR, NFT_REG_1) +
                                    number(NFTA_TPROXY_REG_PORT, NFT_REG_2));
}

constexpr std::uint32_t kDestinationInV4 = 16; ///< RFC 791
constexpr std::uint32_t kDestinationInV6 = 24; ///< RFC 8200
constexpr std::uint32_t kDestinationPort = 2;  ///< RFC 9293, RFC 768

std::string netlinkMessage(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                           std::uint8_t family, std::uint16_t resource, std::string_view attributes)
{
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(nfgenmsg)) + attributes.size());
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    head.nlmsg_seq = sequence;
    const nfgenmsg about{family, NFNETLINK_V0, htons(resource)};
    std::string bytes(bytesOf(head));
    bytes += bytesOf(about);
    bytes += attributes;
    return bytes;
}

} // namespace

Part isV4()
{
    return loadMeta(NFT_META_NFPROTO) + compare(bytesOf(std::uint8_t{NFPROTO_IPV4}));
}

Part isV6()
{
    return loadMeta(NFT_META_NFPROTO) + compare(bytesOf(std::uint8_t{NFPROTO_IPV6}));
}

Part isProtocol(std::uint8_t protocol)
{
    return loadMeta(NFT_META_L4PROTO) + compare(bytesOf(protocol));
}

Part isNotProtocol(std::uint8_t protocol)
{
    return loadMeta(NFT_META_L4PROTO) + compare(bytesOf(protocol), NFT_CMP_NEQ);
}

Part toV4(std::span<const std::uint8_t> bytes)
{
    return isV4() + loadPacket(NFT_PAYLOAD_NETWORK_HEADER, kDestinationInV4, bytes.size()) +
           compare(view(bytes));
}

Part toV6(std::span<const std::uint8_t> bytes)
{
    return isV6() + loadPacket(NFT_PAYLOAD_NETWORK_HEADER, kDestinationInV6, bytes.size()) +
           compare(view(bytes));
}

Part toPort(std::uint16_t port)
{
    return loadPacket(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPort, sizeof port) +
           compare(bytesOf(htons(port)));
}

Part isIcmpType(std::uint8_t type)
{
    return loadPacket(NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof type) + compare(bytesOf(type));
}

Part hasMark(std::uint32_t mark)
{
    return loadMeta(NFT_META_MARK) + compare(bytesOf(mark));
}

Part isDestinationNat()
{
    const std::uint32_t mask = IPS_DST_NAT;
    const std::uint32_t zero = 0;
    return expression("ct", number(NFTA_CT_DREG, NFT_REG_1) + number(NFTA_CT_KEY, NFT_CT_STATUS)) +
           expression("bitwise",
                      number(NFTA_BITWISE_SREG, NFT_REG_1) + number(NFTA_BITWISE_DREG, NFT_REG_1) +
                          number(NFTA_BITWISE_LEN, sizeof mask) +
                          nested(NFTA_BITWISE_MASK, attribute(NFTA_DATA_VALUE, bytesOf(mask))) +
                          nested(NFTA_BITWISE_XOR, attribute(NFTA_DATA_VALUE, bytesOf(zero)))) +
           compare(bytesOf(zero), NFT_CMP_NEQ);
}

Part accept()
{
    return verdict(NF_ACCEPT);
}

Part drop()
{
    return verdict(NF_DROP);
}

Part goTo(std::string_view chain)
{
    return verdict(NFT_GOTO, chain);
}

Part untracked()
{
    return expression("notrack", "");
}

Part rejectWithReset()
{
    return expression("reject", number(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST));
}

Part rejectWithPortUnreachable()
{
    const std::uint8_t code = NFT_REJECT_ICMPX_PORT_UNREACH;
    return expression("reject", number(NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH) +
                                    attribute(NFTA_REJECT_ICMP_CODE, bytesOf(code)));
}

Part natV4(std::span<const std::uint8_t, 4> address, std::uint16_t port)
{
    return nat(NFPROTO_IPV4, view(address), port);
}

Part natV6(std::span<const std::uint8_t, 16> address, std::uint16_t port)
{
    return nat(NFPROTO_IPV6, view(address), port);
}

Part transparentV4(std::span<const std::uint8_t, 4> address, std::uint16_t port)
{
    return transparent(NFPROTO_IPV4, view(address), port);
}

Part transparentV6(std::span<const std::uint8_t, 16> address, std::uint16_t port)
{
    return transparent(NFPROTO_IPV6, view(address), port);
}

Table::Table(std::string_view name)
    : m_name(name)
    , m_batch(netlinkMessage(NFNL_MSG_BATCH_BEGIN, 0, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, ""))
    , m_whats{"the change as a whole"}
{
    message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, text(NFTA_TABLE_NAME, m_name), "a table");
}

void Table::message(std::uint16_t type, std::uint16_t flags, std::string_view attributes,
                    std::string what)
{
    m_batch +=
        netlinkMessage(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type),
                       static_cast<std::uint16_t>(flags | NLM_F_ACK),
                       static_cast<std::uint32_t>(m_whats.size()), NFPROTO_INET, 0, attributes);
    m_whats.push_back(std::move(what));
}

void Table::baseChain(std::string_view name, std::string_view type, std::uint32_t hook,
                      std::int32_t priority, Policy policy)
{
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
            text(NFTA_CHAIN_TABLE, m_name) + text(NFTA_CHAIN_NAME, name) +
                nested(NFTA_CHAIN_HOOK,
                       number(NFTA_HOOK_HOOKNUM, hook) +
                           number(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority))) +
                number(NFTA_CHAIN_POLICY, policy == Policy::Accept ? NF_ACCEPT : NF_DROP) +
                text(NFTA_CHAIN_TYPE, type),
            std::format("the chain \"{}\" of type {}", name, type));
}

void Table::chain(std::string_view name)
{
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
            text(NFTA_CHAIN_TABLE, m_name) + text(NFTA_CHAIN_NAME, name),
            std::format("the chain \"{}\"", name));
}

void Table::rule(std::string_view chain, std::initializer_list<Part> parts)
{
    std::string all;
    for (const Part& part : parts)
        all += part;
    message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
            text(NFTA_RULE_TABLE, m_name) + text(NFTA_RULE_CHAIN, chain) +
                nested(NFTA_RULE_EXPRESSIONS, all),
            std::format("a rule of the chain \"{}\"", chain));
}

Result<void> Table::commit()
{
    m_batch += netlinkMessage(NFNL_MSG_BATCH_END, 0, static_cast<std::uint32_t>(m_whats.size()),
                              AF_UNSPEC, NFNL_SUBSYS_NFTABLES, "");
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!socket)
        return failErrno("cannot speak to the packet filter");
    const int on = 1;
    // Without it each answer repeats what it is about.
    std::ignore = ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    if (::send(socket.get(), m_batch.data(), m_batch.size(), 0) < 0)
        return failErrno("the packet filter takes no rules");

    // By now every answer waits: the kernel does its work within send(2). One comes for each
    // message, and one for the beginning if the whole failed.
    std::size_t acknowledged = 0;
    while (acknowledged + 1 < m_whats.size()) {
        alignas(nlmsghdr) std::array<std::byte, 8192> room;
        const ssize_t size = ::recv(socket.get(), room.data(), room.size(), MSG_DONTWAIT);
        if (size < 0)
            return failErrno("the packet filter does not answer");
        std::size_t at = 0;
        while (at + NLMSG_LENGTH(sizeof(nlmsgerr)) <= static_cast<std::size_t>(size)) {
            nlmsghdr head;
            nlmsgerr error;
            std::memcpy(&head, room.data() + at, sizeof head);
            std::memcpy(&error, room.data() + at + NLMSG_HDRLEN, sizeof error);
            if (head.nlmsg_type != NLMSG_ERROR || head.nlmsg_len < NLMSG_LENGTH(sizeof error))
                return fail(ErrorCode::Protocol, "the packet filter's answer cannot be read");
            if (error.error != 0)
                return failErrno(
                    -error.error,
                    "the packet filter refused " +
                        m_whats[std::min<std::size_t>(error.msg.nlmsg_seq, m_whats.size() - 1)]);
            ++acknowledged;
            at += NLMSG_ALIGN(head.nlmsg_len);
        }
        if (at == 0)
            return fail(ErrorCode::Protocol, "the packet filter's answer cannot be read");
    }
    return {};
}

} // namespace caisson::keeper::nft
