// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/packet_rules.h"

#include "backend/keeper/egress/capture/own_addresses.h"
#include "backend/policy/address.h"

#include <format>
#include <memory>
#include <string>

#include <nftables/libnftables.h>

namespace caisson::keeper {

namespace {

std::string v4(std::uint32_t number)
{
    return policy::Address::v4(syntheticV4(number)).toString();
}

std::string v6(std::uint32_t number)
{
    return policy::Address::v6(syntheticV6(number)).toString();
}

/// TCP is taken up by tproxy and not by NAT: the accepted socket's own address is the one that was
/// dialled, so nothing is tracked, and two connections from one port to two places do not collide
/// (with NAT the kernel then changes the port that the client is known by). A transparent UDP socket
/// could not answer from port 53 without taking that port from the sandbox, so DNS is NAT.
///
/// Rejecting happens on the way out, where send(2) itself fails: an unconnected UDP socket, as many
/// QUIC clients use, is never told of ICMP errors and would wait.
std::string rules(Families families)
{
    const bool hasV6 = families == Families::V4AndV6;
    std::string text = "table inet caisson {\n";
    text += "chain untracked { type filter hook output priority raw; meta l4proto != udp notrack; "
            "}\n";
    text += std::format("chain names {{ type nat hook output priority dstnat; "
                        "ip daddr 127.0.0.0/8 accept; ip daddr {{ {}, {} }} accept; ",
                        v4(kSandboxNumber), v4(kListenerNumber));
    if (hasV6)
        text += std::format("ip6 daddr {{ ::1, {}, {} }} accept; ", v6(kSandboxNumber),
                            v6(kListenerNumber));
    text += std::format("udp dport 53 dnat ip to {}:{}; ", v4(kListenerNumber), kDnsPort);
    if (hasV6)
        text += std::format("udp dport 53 dnat ip6 to [{}]:{}; ", v6(kListenerNumber), kDnsPort);
    text += "}\n";

    text += "chain refused { meta l4proto tcp reject with tcp reset; "
            "reject with icmpx type port-unreachable; }\n";
    text += std::format("chain sent {{ type filter hook output priority filter; policy drop; "
                        "ip daddr 127.0.0.0/8 accept; ip daddr {} accept; "
                        "ip6 daddr {{ ::1, {} }} accept; "
                        "ct status dnat accept; "
                        "ip daddr {} goto refused; ip6 daddr {} goto refused; "
                        "meta l4proto tcp accept; "
                        // The kernel's own, to a client that has bound some other address.
                        "icmp type destination-unreachable accept; "
                        "icmpv6 type destination-unreachable accept; "
                        "goto refused; }}\n",
                        v4(kSandboxNumber), v6(kSandboxNumber), v4(kListenerNumber),
                        v6(kListenerNumber));

    // Without a listener a connection is dropped, rather than left to a server of the sandbox's that
    // listens on every address.
    text += std::format("chain arrived {{ type filter hook prerouting priority mangle; "
                        "ip daddr 127.0.0.0/8 accept; ip daddr {} accept; "
                        "ip6 daddr {{ ::1, {} }} accept; "
                        "meta l4proto != tcp accept; ",
                        v4(kSandboxNumber), v6(kSandboxNumber));
    const auto take = [&](std::string_view family, const std::string& address) {
        text += std::format("meta nfproto {0} tcp dport 53 tproxy {1} to {2}:{3} accept; "
                            "meta nfproto {0} meta l4proto tcp tproxy {1} to {2}:{4} accept; ",
                            family == "ip" ? "ipv4" : "ipv6", family, address, kDnsPort, kTcpPort);
    };
    take("ip", v4(kListenerNumber));
    if (hasV6)
        take("ip6", "[" + v6(kListenerNumber) + "]");
    text += "drop; }\n}\n";
    return text;
}

struct ContextDeleter
{
    void operator()(nft_ctx* context) const { ::nft_ctx_free(context); }
};

} // namespace

Result<void> addPacketRules(Families families)
{
    const std::unique_ptr<nft_ctx, ContextDeleter> context(::nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context)
        return fail(ErrorCode::RuntimeFailed, "cannot prepare the sandbox's packet rules");
    ::nft_ctx_buffer_error(context.get());
    if (::nft_run_cmd_from_buffer(context.get(), rules(families).c_str()) == 0)
        return {};
    const char* why = ::nft_ctx_get_error_buffer(context.get());
    // The first line says what, those below it point into the text.
    const std::string_view all = why ? why : "";
    return fail(ErrorCode::RuntimeFailed,
                std::format("the kernel refused the sandbox's packet rules (it needs nf_tables with "
                            "nat, reject and tproxy): {}",
                            all.substr(0, all.find('\n'))));
}

} // namespace caisson::keeper
