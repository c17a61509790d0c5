// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <span>

namespace caisson::policy {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

bool sharesPrefix(const Bytes& left, const Bytes& right, int length)
{
    const auto whole = static_cast<std::size_t>(length / 8);
    if (!std::equal(left.begin(), left.begin() + whole, right.begin()))
        return false;
    const int rest = length % 8;
    if (rest == 0)
        return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (left[whole] & mask) == (right[whole] & mask);
}

struct Block
{
    std::array<std::uint8_t, 16> bytes;
    int length;
};

constexpr std::array kPrivateV4{
    Block{{0}, 8},          // this network
    Block{{10}, 8},         // local
    Block{{100, 64}, 10},   // carriers' address translation
    Block{{127}, 8},        // loopback
    Block{{169, 254}, 16},  // link-local, where clouds keep their metadata
    Block{{172, 16}, 12},   // local
    Block{{192, 0, 0}, 24}, // the near end of a DS-Lite link (RFC 6333)
    Block{{192, 168}, 16},  // local
    Block{{198, 18}, 15},   // a sandbox's synthetic addresses
    Block{{224}, 4},        // multicast
    Block{{240}, 4},        // of nobody, and broadcast
};

constexpr std::array kPrivateV6{
    Block{{0}, 127},                        // :: and ::1
    Block{{0, 0x64, 0xff, 0x9b, 0, 1}, 48}, // a network's own NAT64 (RFC 8215)
    Block{{0xfe, 0x80}, 10},                // link-local
    Block{{0xfe, 0xc0}, 10},                // site-local, as it once was
    Block{{0xfc}, 7},                       // unique local
    Block{{0xff}, 8},                       // multicast
};

bool isInAny(const Bytes& bytes, std::span<const Block> blocks)
{
    return std::ranges::any_of(
        blocks, [&](const Block& block) { return sharesPrefix(bytes, block.bytes, block.length); });
}

Address v4From(const Bytes& bytes, std::size_t at)
{
    return Address::v4({bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
}

} // namespace

Address Address::v4(std::array<std::uint8_t, 4> bytes)
{
    Address address;
    std::ranges::copy(bytes, address.m_bytes.begin());
    return address;
}

Address Address::v6(std::array<std::uint8_t, 16> bytes)
{
    Address address;
    address.m_bytes = bytes;
    address.m_isV4 = false;
    return address;
}

std::optional<Address> Address::parse(std::string_view text)
{
    // Unlike inet_aton(), inet_pton() takes nothing but four decimal numbers without leading zeros,
    // and RFC 4291's text; it wants a C string.
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.contains('\0'))
        return std::nullopt;
    std::ranges::copy(text, terminated.begin());
    std::array<std::uint8_t, 4> four{};
    if (::inet_pton(AF_INET, terminated.data(), four.data()) == 1)
        return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (::inet_pton(AF_INET6, terminated.data(), sixteen.data()) == 1)
        return v6(sixteen);
    return std::nullopt;
}

std::string Address::toString() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(m_isV4 ? AF_INET : AF_INET6, m_bytes.data(), text.data(), text.size());
    return text.data();
}

std::optional<Address> Address::embedded() const
{
    if (m_isV4)
        return std::nullopt;
    constexpr Bytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr Bytes kNat64{0, 0x64, 0xff, 0x9b};
    constexpr Bytes kLocalNat64{0, 0x64, 0xff, 0x9b, 0, 1};
    constexpr Bytes kSixToFour{0x20, 0x02};
    if (sharesPrefix(m_bytes, kMapped, 96) || sharesPrefix(m_bytes, kNat64, 96))
        return v4From(m_bytes, 12);
    // Which length of prefix a network uses in its own block cannot be seen; /96 is usual.
    if (sharesPrefix(m_bytes, kLocalNat64, 48))
        return v4From(m_bytes, 12);
    if (sharesPrefix(m_bytes, kSixToFour, 16))
        return v4From(m_bytes, 2);
    if (sharesPrefix(m_bytes, Bytes{}, 96) && !sharesPrefix(m_bytes, Bytes{}, 127))
        return v4From(m_bytes, 12);
    return std::nullopt;
}

std::optional<Cidr> Cidr::parse(std::string_view text)
{
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0'))
        return std::nullopt;
    int length = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9')
            return std::nullopt;
        length = length * 10 + (digit - '0');
    }
    const std::optional<Address> first = Address::parse(text.substr(0, slash));
    if (!first || length > (first->isV4() ? 32 : 128))
        return std::nullopt;
    const Bytes& bytes = first->bytes();
    for (int bit = length; bit < 128; ++bit) {
        if (((bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1) != 0)
            return std::nullopt;
    }
    return Cidr{*first, length};
}

bool Cidr::contains(const Address& address) const
{
    return address.isV4() == first.isV4() && sharesPrefix(address.bytes(), first.bytes(), length);
}

std::string Cidr::toString() const
{
    return first.toString() + "/" + std::to_string(length);
}

bool isPrivate(const Address& address)
{
    if (address.isV4())
        return isInAny(address.bytes(), kPrivateV4);
    if (isInAny(address.bytes(), kPrivateV6))
        return true;
    const std::optional<Address> inside = address.embedded();
    return inside && isInAny(inside->bytes(), kPrivateV4);
}

} // namespace caisson::policy
