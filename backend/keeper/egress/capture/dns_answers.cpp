// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/dns_answers.h"

#include "backend/policy/address.h"
#include "backend/policy/host_name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace caisson::keeper {

namespace {

constexpr std::size_t kTcpSize = 65535;

bool isBelow(std::string_view name, std::string_view domain)
{
    return name.ends_with(domain) &&
           (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

/// Those that are never anybody's (RFC 6761, RFC 7686), and the one by which a network asks Firefox
/// not to hide its names in HTTPS to a resolver of its own choice.
bool isNobodys(std::string_view name)
{
    return isBelow(name, "invalid") || isBelow(name, "onion") || name == "use-application-dns.net";
}

DnsRecord addressRecord(const policy::Address& address)
{
    const auto& bytes = address.bytes();
    return {address.isV4() ? dns::kA : dns::kAaaa,
            std::string(bytes.begin(), bytes.begin() + (address.isV4() ? 4 : 16))};
}

DnsAnswer addressAnswer(const DnsQuery& query, const policy::Address& v4, const policy::Address& v6,
                        HasV6 hasV6)
{
    DnsAnswer answer;
    if (query.type == dns::kA || query.type == dns::kAny)
        answer.records.push_back(addressRecord(v4));
    if (hasV6 == HasV6::Yes && (query.type == dns::kAaaa || query.type == dns::kAny))
        answer.records.push_back(addressRecord(v6));
    return answer;
}

/// Splits off the first label.
std::string_view takeLabel(std::string_view& name)
{
    const std::size_t end = std::min(name.find('.'), name.size());
    const std::string_view label = name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
    return label;
}

/// "4.3.2.1" of in-addr.arpa (RFC 1035, 3.5) is 1.2.3.4.
std::optional<policy::Address> reversedV4(std::string_view name)
{
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 4; i-- > 0;) {
        const std::string_view label = takeLabel(name);
        const char* end = label.data() + label.size();
        const auto [rest, error] = std::from_chars(label.data(), end, bytes[i]);
        if (error != std::errc() || rest != end)
            return std::nullopt;
    }
    return name.empty() ? std::optional(policy::Address::v4(bytes)) : std::nullopt;
}

/// 32 hexadecimal digits of ip6.arpa (RFC 3596, 2.5), the last one first.
std::optional<policy::Address> reversedV6(std::string_view name)
{
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 32; i-- > 0;) {
        const std::string_view label = takeLabel(name);
        std::uint8_t digit = 0;
        if (label.size() != 1 ||
            std::from_chars(label.data(), label.data() + 1, digit, 16).ec != std::errc())
            return std::nullopt;
        bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] | (i % 2 == 0 ? digit << 4 : digit));
    }
    return name.empty() ? std::optional(policy::Address::v6(bytes)) : std::nullopt;
}

std::optional<policy::Address> reversedAddress(std::string_view name)
{
    constexpr std::string_view v4 = ".in-addr.arpa";
    constexpr std::string_view v6 = ".ip6.arpa";
    if (name.ends_with(v4))
        return reversedV4(name.substr(0, name.size() - v4.size()));
    if (name.ends_with(v6))
        return reversedV6(name.substr(0, name.size() - v6.size()));
    return std::nullopt;
}

bool isLoopback(const policy::Address& address)
{
    return address.isV4()
               ? address.bytes()[0] == 127
               : address == policy::Address::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

DnsAnswer pointerAnswer(std::string_view name, Names& names)
{
    const auto address = reversedAddress(name);
    if (!address)
        return {DnsCode::NoSuchName, {}};
    const auto found =
        isLoopback(*address) ? std::optional<std::string>("localhost") : names.nameOf(*address);
    if (!found)
        return {DnsCode::NoSuchName, {}};
    return {DnsCode::NoError, {{dns::kPtr, encodeDnsName(*found)}}};
}

DnsAnswer answerTo(const DnsQuery& query, Names& names, HasV6 hasV6)
{
    if (query.code != DnsCode::NoError)
        return {query.code, {}};
    if (query.dnsClass != dns::kInternet || query.type == dns::kAxfr || query.type == dns::kIxfr)
        return {DnsCode::Refused, {}};
    if (!query.name)
        return {DnsCode::NoSuchName, {}};
    const std::string& name = *query.name;
    if (name.empty())
        return {};
    if (isBelow(name, "localhost"))
        return addressAnswer(query, policy::Address::v4({127, 0, 0, 1}),
                             policy::Address::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
                             hasV6);
    if (isNobodys(name))
        return {DnsCode::NoSuchName, {}};
    if (query.type == dns::kPtr && isBelow(name, "arpa"))
        return pointerAnswer(name, names);
    // Addresses are dialled, not asked for; in any spelling.
    const Result<std::string> canonical = policy::canonicalHost(name);
    if (!canonical || policy::Address::parse(*canonical))
        return {DnsCode::NoSuchName, {}};
    // Only these make a name known: else asking for other types would fill the table.
    if (query.type != dns::kA && query.type != dns::kAaaa && query.type != dns::kAny)
        return {};
    const auto addresses = names.addressesOf(*canonical);
    if (!addresses)
        return {DnsCode::ServerFailure, {}};
    return addressAnswer(query, addresses->v4, addresses->v6, hasV6);
}

} // namespace

std::optional<std::string> answerDns(std::string_view message, Names& names, DnsTransport transport,
                                     HasV6 hasV6)
{
    const std::optional<DnsQuery> query = readDnsQuery(message);
    if (!query)
        return std::nullopt;
    const std::size_t limit =
        transport == DnsTransport::Tcp ? kTcpSize
        : query->hasExtension
            ? std::clamp<std::size_t>(query->udpSize, dns::kPlainSize, dns::kExtendedSize)
            : dns::kPlainSize;
    return writeDnsAnswer(*query, answerTo(*query, names, hasV6), limit);
}

} // namespace caisson::keeper
