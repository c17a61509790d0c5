// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/packet_rules.h"

#include "backend/keeper/egress/capture/nf_tables.h"
#include "backend/keeper/egress/capture/own_addresses.h"

#include <format>

// Before the kernel's headers, which then leave out what both define.
#include <netinet/in.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

namespace caisson::keeper {

namespace {

using namespace nft;

constexpr std::uint8_t kLoopbackNet[] = {127};
constexpr std::array<std::uint8_t, 16> kLoopbackV6 = {0, 0, 0, 0, 0, 0, 0, 0,
                                                      0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint16_t kDomain = 53;

constexpr auto kSandboxV4 = syntheticV4(kSandboxNumber);
constexpr auto kSandboxV6 = syntheticV6(kSandboxNumber);
constexpr auto kListenerV4 = syntheticV4(kListenerNumber);
constexpr auto kListenerV6 = syntheticV6(kListenerNumber);

void acceptOwn(Table& table, std::string_view chain)
{
    table.rule(chain, {toV4(kLoopbackNet), accept()});
    table.rule(chain, {toV4(kSandboxV4), accept()});
    table.rule(chain, {toV6(kLoopbackV6), accept()});
    table.rule(chain, {toV6(kSandboxV6), accept()});
}

/// Only UDP is tracked, as NAT needs it: a sandbox's own servers shall not fill the host's memory
/// with connections, nor pay for them.
void addUntracked(Table& table)
{
    table.baseChain("untracked", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_RAW);
    table.rule("untracked", {isNotProtocol(IPPROTO_UDP), untracked()});
}

/// DNS over UDP. A transparent socket could not answer from port 53 without taking that port of
/// 0.0.0.0 from the sandbox; NAT lets the answer come from the address that was asked.
void addNames(Table& table)
{
    table.baseChain("names", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
    acceptOwn(table, "names");
    table.rule("names", {toV4(kListenerV4), accept()});
    table.rule("names", {toV6(kListenerV6), accept()});
    table.rule("names",
               {isV4(), isProtocol(IPPROTO_UDP), toPort(kDomain), natV4(kListenerV4, kDnsPort)});
    table.rule("names",
               {isV6(), isProtocol(IPPROTO_UDP), toPort(kDomain), natV6(kListenerV6, kDnsPort)});
}

/// Rejecting happens on the way out, where send(2) itself fails: an unconnected UDP socket, as many
/// QUIC clients use, is never told of ICMP errors and would wait.
void addSent(Table& table)
{
    table.chain("refused");
    table.rule("refused", {isProtocol(IPPROTO_TCP), rejectWithReset()});
    table.rule("refused", {rejectWithPortUnreachable()});

    table.baseChain("sent", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER, Table::Policy::Drop);
    acceptOwn(table, "sent");
    table.rule("sent", {isDestinationNat(), accept()});
    table.rule("sent", {toV4(kListenerV4), goTo("refused")});
    table.rule("sent", {toV6(kListenerV6), goTo("refused")});
    table.rule("sent", {isProtocol(IPPROTO_TCP), accept()});
    // The kernel's own, to a client that has bound some other address.
    table.rule("sent", {isV4(), isProtocol(IPPROTO_ICMP), isIcmpType(ICMP_DEST_UNREACH), accept()});
    table.rule("sent",
               {isV6(), isProtocol(IPPROTO_ICMPV6), isIcmpType(ICMPV6_DEST_UNREACH), accept()});
    table.rule("sent", {goTo("refused")});
}

/// TCP is taken up by tproxy and not by NAT: the accepted socket's own address is the one that was
/// dialled, and two connections from one port to two places do not collide (with NAT the kernel then
/// changes the port that the client is known by, and nobody finds it).
///
/// Without a listener a connection is dropped, rather than left to a server of the sandbox's that
/// listens on every address.
void addArrived(Table& table)
{
    table.baseChain("arrived", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE);
    table.rule("arrived", {hasMark(kKeeperMark), accept()});
    acceptOwn(table, "arrived");
    table.rule("arrived", {isNotProtocol(IPPROTO_TCP), accept()});
    table.rule("arrived", {isV4(), isProtocol(IPPROTO_TCP), toPort(kDomain),
                           transparentV4(kListenerV4, kDnsPort), accept()});
    table.rule("arrived",
               {isV4(), isProtocol(IPPROTO_TCP), transparentV4(kListenerV4, kTcpPort), accept()});
    table.rule("arrived", {isV6(), isProtocol(IPPROTO_TCP), toPort(kDomain),
                           transparentV6(kListenerV6, kDnsPort), accept()});
    table.rule("arrived",
               {isV6(), isProtocol(IPPROTO_TCP), transparentV6(kListenerV6, kTcpPort), accept()});
    table.rule("arrived", {drop()});
}

} // namespace

Result<void> addPacketRules()
{
    Table table("caisson");
    addUntracked(table);
    addNames(table);
    addSent(table);
    addArrived(table);
    if (Result<void> added = table.commit(); !added)
        return fail(ErrorCode::RuntimeFailed,
                    std::format("{} (the kernel needs nf_tables with nat, reject and tproxy)",
                                added.error().message));
    return {};
}

} // namespace caisson::keeper
