// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// As much of nftables (nft(8), linux/netfilter/nf_tables.h) as the packet rules need, as messages to
/// the kernel. libnftables does it from text; here that took 9 to 28 ms of a sandbox's start, almost
/// all of it page faults of its parser and tables (274, at 0.1 ms each under a hypervisor without
/// hardware support), where the kernel needs 0.3 ms. The tests read the rules back with libnftables.
namespace caisson::keeper::nft {

/// One part of a rule: what must fit for the next part to be looked at, or what is done.
using Part = std::string;

Part isV4();
Part isV6();
Part isProtocol(std::uint8_t protocol); ///< IPPROTO_*, of the transport
Part isNotProtocol(std::uint8_t protocol);
/// `bytes` stand at the beginning of the destination address. Begins with isV4() or isV6().
Part toV4(std::span<const std::uint8_t> bytes);
Part toV6(std::span<const std::uint8_t> bytes);
Part toPort(std::uint16_t port); ///< of TCP or UDP: begins with neither
Part isIcmpType(std::uint8_t type);
Part hasMark(std::uint32_t mark); ///< SO_MARK of socket(7)
Part isDestinationNat();          ///< of a connection, in either direction

Part accept();
Part drop();
Part goTo(std::string_view chain);
Part untracked();
Part rejectWithReset();
Part rejectWithPortUnreachable();
/// The new destination.
Part natV4(std::span<const std::uint8_t, 4> address, std::uint16_t port);
Part natV6(std::span<const std::uint8_t, 16> address, std::uint16_t port);
/// To the transparent listener at this address; the next part is looked at only if there is one.
Part transparentV4(std::span<const std::uint8_t, 4> address, std::uint16_t port);
Part transparentV6(std::span<const std::uint8_t, 16> address, std::uint16_t port);

/// A table of family inet, put into the calling thread's network namespace as a whole or not at all.
class Table
{
public:
    explicit Table(std::string_view name);

    /// `hook`: NF_INET_*. What falls off the end is accepted or dropped.
    enum class Policy { Accept, Drop };
    void baseChain(std::string_view name, std::string_view type, std::uint32_t hook,
                   std::int32_t priority, Policy policy = Policy::Accept);
    /// One that is only gone to.
    void chain(std::string_view name);
    void rule(std::string_view chain, std::initializer_list<Part> parts);

    Result<void> commit();

private:
    void message(std::uint16_t type, std::uint16_t flags, std::string_view attributes,
                 std::string what);

    std::string m_name;
    std::string m_batch;
    std::vector<std::string> m_whats; ///< by sequence number, for the error
};

} // namespace caisson::keeper::nft
