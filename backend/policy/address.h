// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::policy {

/// An IPv4 or IPv6 address. v4-mapped IPv6 is kept as IPv6; `embedded()` tells what hides in it.
class Address
{
public:
    static Address v4(std::array<std::uint8_t, 4> bytes);
    static Address v6(std::array<std::uint8_t, 16> bytes);
    /// Strict: four decimal numbers without leading zeros, or RFC 4291 text without brackets and
    /// zone. Nothing else is an address ("127.1", "0x7f000001" and "2130706433" are not).
    static std::optional<Address> parse(std::string_view text);

    bool isV4() const { return m_isV4; }
    /// Of IPv4 the first four.
    const std::array<std::uint8_t, 16>& bytes() const { return m_bytes; }
    /// Dotted, or as RFC 5952 has it, without brackets.
    std::string toString() const;
    /// The IPv4 address inside a v4-mapped (::ffff:0:0/96), v4-compatible, NAT64 (64:ff9b::/96,
    /// RFC 6052; 64:ff9b:1::/48, RFC 8215, taken as one of /96) or 6to4 form; none: it carries none.
    std::optional<Address> embedded() const;

    auto operator<=>(const Address&) const = default;

private:
    std::array<std::uint8_t, 16> m_bytes{};
    bool m_isV4 = true;
};

/// A block of addresses, e.g. 203.0.113.0/24. Bits behind the prefix are zero, or it does not parse.
struct Cidr
{
    Address first;
    int length = 0;
    static std::optional<Cidr> parse(std::string_view text);
    bool contains(const Address& address) const;
    std::string toString() const;
    bool operator==(const Cidr&) const = default;
};

/// Whether an address is of this machine, of a local network or of nobody: 0/8, 10/8, 100.64/10,
/// 127/8, 169.254/16, 172.16/12, 192.0.0/24, 192.168/16, 198.18/15 (the sandbox's own synthetic ones),
/// multicast, 240/4, `::`, `::1`, 64:ff9b:1::/48, fe80::/10, fec0::/10, fc00::/7, ff00::/8, and each
/// form of embedded() of these. Documentation ranges are ordinary. (RFC 6890; design, section 6.)
bool isPrivate(const Address& address);

} // namespace caisson::policy
