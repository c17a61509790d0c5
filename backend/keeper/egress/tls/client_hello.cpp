// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/client_hello.h"

#include <algorithm>
#include <optional>
#include <set>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr std::size_t kRecordHead = 5;
constexpr std::size_t kMaxRecord = 16384; // RFC 8446, 5.1
constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr unsigned kServerName = 0;          // RFC 6066
constexpr unsigned kAlpn = 16;               // RFC 7301
constexpr unsigned kEncryptedHello = 0xfe0d; // TLS Encrypted Client Hello

/// Takes numbers and length-prefixed vectors (RFC 8446, 3.4) off the front. Once something is
/// missing it stays failed and gives nothing.
class Taker
{
public:
    explicit Taker(std::string_view bytes)
        : m_bytes(bytes)
    {
    }
    bool ok() const { return m_ok; }
    bool empty() const { return m_bytes.empty(); }
    std::string_view bytes(std::size_t size)
    {
        if (size > m_bytes.size()) {
            m_ok = false;
            m_bytes = {};
            return {};
        }
        const std::string_view taken = m_bytes.substr(0, size);
        m_bytes.remove_prefix(size);
        return taken;
    }
    unsigned number(std::size_t size)
    {
        unsigned value = 0;
        for (const char byte : bytes(size))
            value = value << 8 | static_cast<unsigned char>(byte);
        return value;
    }
    /// A vector whose length stands before it in `size` bytes.
    std::string_view vector(std::size_t size) { return bytes(number(size)); }

private:
    std::string_view m_bytes;
    bool m_ok = true;
};

bool takeServerName(std::string_view extension, ClientHello& hello)
{
    constexpr unsigned hostName = 0;
    Taker outer(extension);
    Taker list(outer.vector(2));
    if (!outer.ok() || !outer.empty() || list.empty())
        return false;
    while (!list.empty()) {
        const unsigned type = list.number(1);
        const std::string_view name = list.vector(2);
        if (!list.ok() || name.empty())
            return false;
        if (type != hostName)
            continue;
        if (!hello.serverName.empty())
            return false; // at most one of a type (RFC 6066, 3)
        hello.serverName = name;
    }
    return true;
}

bool takeAlpn(std::string_view extension, ClientHello& hello)
{
    Taker outer(extension);
    Taker list(outer.vector(2));
    if (!outer.ok() || !outer.empty() || list.empty())
        return false;
    while (!list.empty()) {
        const std::string_view name = list.vector(1);
        if (!list.ok() || name.empty())
            return false;
        hello.alpn.emplace_back(name);
    }
    return true;
}

bool takeExtensions(std::string_view bytes, ClientHello& hello)
{
    Taker list(bytes);
    std::set<unsigned> seen;
    while (!list.empty()) {
        const unsigned type = list.number(2);
        const std::string_view extension = list.vector(2);
        // None twice (RFC 8446, 4.2): two server names would be read differently by two readers.
        if (!list.ok() || !seen.insert(type).second)
            return false;
        if (type == kServerName && !takeServerName(extension, hello))
            return false;
        if (type == kAlpn && !takeAlpn(extension, hello))
            return false;
        if (type == kEncryptedHello)
            hello.hasEncryptedHello = true;
    }
    return true;
}

std::optional<ClientHello> parseHello(std::string_view message)
{
    ClientHello hello;
    Taker taker(message);
    if ((taker.number(2) >> 8) != 3)
        return std::nullopt;
    taker.bytes(32); // random
    const std::string_view session = taker.vector(1);
    const std::string_view suites = taker.vector(2);
    const std::string_view compressions = taker.vector(1);
    if (!taker.ok() || session.size() > 32 || suites.empty() || suites.size() % 2 != 0 ||
        compressions.empty())
        return std::nullopt;
    if (taker.empty())
        return hello; // TLS 1.2 and before may have none
    const std::string_view extensions = taker.vector(2);
    if (!taker.ok() || !taker.empty() || !takeExtensions(extensions, hello))
        return std::nullopt;
    return hello;
}

/// The handshake bytes in the records at the front, as far as they have come.
struct Records
{
    HelloState state = HelloState::Incomplete; ///< Complete: as many as were asked for
    std::string handshake;
};

Records joinRecords(std::string_view bytes)
{
    Records joined;
    std::size_t wanted = 4; // type and length of the first message
    while (joined.handshake.size() < wanted) {
        if (bytes.empty())
            return joined;
        if (static_cast<std::uint8_t>(bytes[0]) != kHandshakeRecord) {
            joined.state = joined.handshake.empty() ? HelloState::NotTls : HelloState::Malformed;
            return joined;
        }
        if (bytes.size() >= 2 && bytes[1] != 3) {
            joined.state = joined.handshake.empty() ? HelloState::NotTls : HelloState::Malformed;
            return joined;
        }
        if (bytes.size() < kRecordHead)
            return joined;
        const std::size_t size = Taker(bytes.substr(3)).number(2);
        if (size == 0 || size > kMaxRecord) {
            joined.state = HelloState::Malformed;
            return joined;
        }
        joined.handshake += bytes.substr(kRecordHead, size);
        bytes.remove_prefix(std::min(bytes.size(), kRecordHead + size));
        if (static_cast<std::uint8_t>(joined.handshake.c_str()[0]) != kClientHello &&
            !joined.handshake.empty()) {
            joined.state = HelloState::Malformed;
            return joined;
        }
        if (joined.handshake.size() >= 4) {
            wanted = 4 + Taker(std::string_view(joined.handshake).substr(1)).number(3);
            if (wanted > kMaxBytes) {
                joined.state = HelloState::Malformed;
                return joined;
            }
        }
    }
    joined.handshake.resize(wanted);
    joined.state = HelloState::Complete;
    return joined;
}

} // namespace

HelloOutcome parseClientHello(std::string_view bytes)
{
    Records records = joinRecords(bytes.substr(0, kMaxBytes));
    if (records.state == HelloState::Incomplete && bytes.size() >= kMaxBytes)
        records.state = HelloState::Malformed;
    if (records.state != HelloState::Complete)
        return {records.state, {}};
    std::optional<ClientHello> hello = parseHello(std::string_view(records.handshake).substr(4));
    if (!hello)
        return {HelloState::Malformed, {}};
    return {HelloState::Complete, std::move(*hello)};
}

std::string tlsAlert(std::uint8_t description)
{
    // Alert, TLS 1.2 as its record version, two bytes, fatal.
    std::string record("\x15\x03\x03\x00\x02\x02", 6);
    record += static_cast<char>(description);
    return record;
}

} // namespace caisson::keeper
