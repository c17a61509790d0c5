// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// One DNS message (RFC 1035, with EDNS of RFC 6891) read from hostile bytes, and the answer to it.
/// Pure functions; nothing is followed, nothing is allocated beyond the message's own size.
namespace caisson::keeper {

enum class DnsCode : std::uint16_t {
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16, ///< of EDNS
};

namespace dns {
inline constexpr std::uint16_t kA = 1;
inline constexpr std::uint16_t kSoa = 6;
inline constexpr std::uint16_t kPtr = 12;
inline constexpr std::uint16_t kAaaa = 28;
inline constexpr std::uint16_t kOpt = 41;
inline constexpr std::uint16_t kIxfr = 251;
inline constexpr std::uint16_t kAxfr = 252;
inline constexpr std::uint16_t kAny = 255;
inline constexpr std::uint16_t kInternet = 1; ///< the class

/// Seconds that an answer, or that there is none, may be remembered.
inline constexpr std::uint32_t kTtl = 60;
/// What UDP carries without EDNS.
inline constexpr std::size_t kPlainSize = 512;
/// What we take and send with EDNS (the DNS flag day's number: it fits every link).
inline constexpr std::size_t kExtendedSize = 1232;
} // namespace dns

struct DnsQuery
{
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    bool recursionDesired = false;
    bool checkingDisabled = false;
    /// Other than NoError: all that can be answered.
    DnsCode code = DnsCode::NoError;
    std::string
        question; ///< its bytes, to be sent back as they are (also upper case); may be empty
    /// Lower case, without the last dot; "" is the root. None: a label has other bytes than letters,
    /// digits, '-' and '_', so that it is no host's.
    std::optional<std::string> name;
    std::uint16_t type = 0;
    std::uint16_t dnsClass = 0;
    bool hasExtension = false; ///< an OPT record
    std::uint16_t udpSize = 0; ///< that the client takes, with OPT
};

/// None where there must be no answer: a response, or less than a head.
std::optional<DnsQuery> readDnsQuery(std::string_view message);

struct DnsRecord
{
    std::uint16_t type = 0;
    std::string data;
};

struct DnsAnswer
{
    DnsCode code = DnsCode::NoError;
    std::vector<DnsRecord> records; ///< of the name that was asked for
};

/// At most `limit` bytes, which is at least dns::kPlainSize: what does not fit is left out and marked
/// as cut (TC). An answer without records has an SOA, so that it is remembered for kTtl (RFC 2308).
std::string writeDnsAnswer(const DnsQuery& query, const DnsAnswer& answer, std::size_t limit);

/// A name as it stands in a message, without compression. `name` is one that canonicalHost() made.
std::string encodeDnsName(std::string_view name);

} // namespace caisson::keeper
