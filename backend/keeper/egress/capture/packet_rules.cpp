// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/packet_rules.h"

#include "backend/keeper/egress/capture/own_addresses.h"

#include <arpa/inet.h>
#include <format>
#include <memory>
#include <nftables/libnftables.h>
#include <span>

namespace caisson::keeper {

namespace {

/// In nft(8)'s words, but numbers for protocols, priorities and states: names would be looked up in
/// files of the host. {0} and {1} are the sandbox's own addresses, {2} and {3} those of the
/// listeners, {4} the port for TCP, {5} the one for DNS, {6} the keeper's mark.
///
/// untracked: Only UDP is tracked, as NAT needs it: a sandbox's own servers shall not fill the host's
/// memory with connections, nor pay for them.
///
/// names: DNS over UDP. A transparent socket could not answer from port 53 without taking that port
/// of 0.0.0.0 from the sandbox; NAT lets the answer come from the address that was asked.
///
/// sent: Rejecting happens on the way out, where send(2) itself fails: an unconnected UDP socket, as
/// many QUIC clients use, is never told of ICMP errors and would wait. The kernel's own ICMP errors
/// (destination unreachable), to a client that has bound some other address, pass.
///
/// arrived: TCP is taken up by tproxy and not by NAT: the accepted socket's own address is the one
/// that was dialled, and two connections from one port to two places do not collide (with NAT the
/// kernel then changes the port that the client is known by, and nobody finds it). Without a listener
/// a connection is dropped, rather than left to a server of the sandbox's that listens on every address.
constexpr std::string_view kRules = R"(
create table inet caisson
table inet caisson {{
    chain own {{
        ip daddr 127.0.0.0/8 accept
        ip daddr {0} accept
        ip6 daddr ::1 accept
        ip6 daddr {1} accept
    }}
    chain refused {{
        meta l4proto 6 reject with tcp reset
        reject
    }}
    chain untracked {{
        type filter hook output priority -300
        meta l4proto != 17 notrack
    }}
    chain names {{
        type nat hook output priority -100
        jump own
        ip daddr {2} accept
        ip6 daddr {3} accept
        meta nfproto 2 udp dport 53 dnat ip to {2}:{5}
        meta nfproto 10 udp dport 53 dnat ip6 to [{3}]:{5}
    }}
    chain sent {{
        type filter hook output priority 0; policy drop
        jump own
        ct status 0x20 accept
        ip daddr {2} goto refused
        ip6 daddr {3} goto refused
        meta l4proto 6 accept
        icmp type 3 accept
        icmpv6 type 1 accept
        goto refused
    }}
    chain arrived {{
        type filter hook prerouting priority -150
        meta mark {6} accept
        jump own
        meta l4proto != 6 accept
        meta nfproto 2 tcp dport 53 tproxy ip to {2}:{5} accept
        meta nfproto 2 meta l4proto 6 tproxy ip to {2}:{4} accept
        meta nfproto 10 tcp dport 53 tproxy ip6 to [{3}]:{5} accept
        meta nfproto 10 meta l4proto 6 tproxy ip6 to [{3}]:{4} accept
        drop
    }}
}}
)";

std::string text(std::span<const std::uint8_t> address)
{
    std::array<char, INET6_ADDRSTRLEN> room{};
    ::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), room.data(), room.size());
    return room.data();
}

} // namespace

Result<void> addPacketRules()
{
    const std::string rules =
        std::format(kRules, text(syntheticV4(kSandboxNumber)), text(syntheticV6(kSandboxNumber)),
                    text(syntheticV4(kListenerNumber)), text(syntheticV6(kListenerNumber)),
                    kTcpPort, kDnsPort, kKeeperMark);
    const std::unique_ptr<nft_ctx, decltype(&::nft_ctx_free)> context(
        ::nft_ctx_new(NFT_CTX_DEFAULT), &::nft_ctx_free);
    if (!context)
        return fail(ErrorCode::RuntimeFailed, "libnftables cannot be used here");
    ::nft_ctx_buffer_error(context.get());
    if (::nft_run_cmd_from_buffer(context.get(), rules.c_str()) != 0)
        return fail(
            ErrorCode::RuntimeFailed,
            std::format("the packet rules cannot be set (the kernel needs nf_tables with nat, "
                        "reject and tproxy): {}",
                        ::nft_ctx_get_error_buffer(context.get())));
    return {};
}

} // namespace caisson::keeper
