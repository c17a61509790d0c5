// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

/// The addresses that Caisson itself has in a sandbox's network. All lie in the blocks that Names
/// hands out of, below kFirstNameNumber, so that no name ever gets one of them.
namespace caisson::keeper {

/// 198.18.0.0/15 (RFC 2544, benchmarking): nobody's on the internet.
inline constexpr std::uint32_t kSyntheticV4 = 198u << 24 | 18u << 16;
inline constexpr std::uint32_t kSyntheticV4Size = 1u << 17;
/// A unique local /64 (RFC 4193) whose global id was drawn once, by chance.
inline constexpr std::array<std::uint8_t, 8> kSyntheticV6 = {0xfd, 0x6b, 0x4a, 0x1c,
                                                             0x90, 0xd3, 0,    0};

/// What getifaddrs(3) shows inside, and the source of what the sandbox sends. Without an address
/// beside the loopback's, glibc's getaddrinfo(3) takes AI_ADDRCONFIG to mean that there is no network.
inline constexpr std::uint32_t kSandboxNumber = 1;
/// Where captured connections are taken up. Not 127.0.0.1, whose ports are the sandbox's.
inline constexpr std::uint32_t kListenerNumber = 2;
/// For resolv.conf(5); any other address is answered as well.
inline constexpr std::uint32_t kResolverNumber = 53;
inline constexpr std::uint32_t kFirstNameNumber = 256;

/// Ports that nobody's server wants: a socket on 0.0.0.0 would collide with ours on the same port.
inline constexpr std::uint16_t kTcpPort = 1;
inline constexpr std::uint16_t kDnsPort = 2;

/// SO_MARK of our sockets, by which their packets are told from the sandbox's, where both have an
/// address of the outside. Setting it takes capabilities that no sandbox has.
inline constexpr std::uint32_t kKeeperMark = 0xca155011;

/// In network byte order.
constexpr std::array<std::uint8_t, 4> syntheticV4(std::uint32_t number)
{
    const std::uint32_t address = kSyntheticV4 + number;
    return {static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16),
            static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)};
}

constexpr std::array<std::uint8_t, 16> syntheticV6(std::uint32_t number)
{
    std::array<std::uint8_t, 16> address{};
    for (std::size_t i = 0; i < kSyntheticV6.size(); ++i)
        address[i] = kSyntheticV6[i];
    for (std::size_t i = 0; i < 4; ++i)
        address[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return address;
}

} // namespace caisson::keeper
