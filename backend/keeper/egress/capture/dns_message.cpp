// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/dns_message.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::size_t kHeadSize = 12;
constexpr std::size_t kMaxName = 255; ///< with lengths and root (RFC 1035, 2.3.4)
constexpr std::uint8_t kPointer = 0xc0;

constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::uint16_t kCheckingDisabled = 0x0010;

class Reader
{
public:
    explicit Reader(std::string_view bytes)
        : m_bytes(bytes)
    {
    }

    bool isGood() const { return m_isGood; }
    bool isAtEnd() const { return m_at == m_bytes.size(); }
    std::size_t at() const { return m_at; }

    std::uint8_t byte()
    {
        if (m_at >= m_bytes.size()) {
            m_isGood = false;
            return 0;
        }
        return static_cast<std::uint8_t>(m_bytes[m_at++]);
    }

    std::uint16_t number()
    {
        const std::uint16_t high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }

    std::string_view take(std::size_t size)
    {
        if (m_bytes.size() - m_at < size) {
            m_isGood = false;
            return {};
        }
        const std::string_view taken = m_bytes.substr(m_at, size);
        m_at += size;
        return taken;
    }

    void setBad() { m_isGood = false; }

private:
    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_isGood = true;
};

bool isHostByte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

char toLower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The name of the one question. A pointer there would point at itself or at the head, so none is
/// allowed.
std::optional<std::string> readQuestionName(Reader& reader)
{
    std::string name;
    bool isHost = true;
    std::size_t size = 1;
    while (true) {
        const std::uint8_t length = reader.byte();
        if (!reader.isGood() || length == 0)
            break;
        size += length + 1u;
        // Also covers the two reserved kinds of label.
        if (length > 63 || size > kMaxName) {
            reader.setBad();
            break;
        }
        if (!name.empty())
            name += '.';
        for (const char c : reader.take(length)) {
            name += toLower(c);
            isHost = isHost && isHostByte(toLower(c));
        }
    }
    return isHost ? std::optional(std::move(name)) : std::nullopt;
}

/// Passes over a record's name; where a pointer leads is of no interest.
bool skipName(Reader& reader)
{
    bool isRoot = true;
    for (std::size_t size = 1; reader.isGood(); isRoot = false) {
        const std::uint8_t length = reader.byte();
        if (length == 0)
            return isRoot;
        if ((length & kPointer) == kPointer) {
            reader.byte();
            return false;
        }
        size += length + 1u;
        if (length > 63 || size > kMaxName)
            reader.setBad();
        reader.take(length);
    }
    return false;
}

/// The additional records: of interest is OPT, of which there may be one (RFC 6891, 6.1.1).
void readAdditional(Reader& reader, std::uint16_t count, DnsQuery& query)
{
    for (; count > 0 && reader.isGood(); --count) {
        const bool isRoot = skipName(reader);
        const std::uint16_t type = reader.number();
        const std::uint16_t size = reader.number();
        reader.byte(); // the upper bits of a code
        const std::uint8_t version = reader.byte();
        reader.number(); // flags
        reader.take(reader.number());
        if (type != dns::kOpt || !reader.isGood())
            continue;
        if (query.hasExtension || !isRoot) {
            reader.setBad();
            return;
        }
        query.hasExtension = true;
        query.udpSize = size;
        if (version != 0)
            query.code = DnsCode::BadVersion;
    }
}

void put16(std::string& bytes, std::uint32_t value)
{
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value);
}

void put32(std::string& bytes, std::uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes, value & 0xffff);
}

/// Of the root, which is above every name. The last number is how long a "no" may be remembered.
std::string soaRecord()
{
    std::string data(2, '\0'); // where zone data comes from, and whom to write to: nobody
    for (const std::uint32_t value : {1u, 3600u, 600u, 86400u, dns::kTtl})
        put32(data, value);
    std::string bytes(1, '\0');
    put16(bytes, dns::kSoa);
    put16(bytes, dns::kInternet);
    put32(bytes, dns::kTtl);
    put16(bytes, static_cast<std::uint32_t>(data.size()));
    return bytes + data;
}

std::string optRecord(DnsCode code)
{
    std::string bytes(1, '\0');
    put16(bytes, dns::kOpt);
    put16(bytes, dns::kExtendedSize);
    put32(bytes, static_cast<std::uint32_t>(code) >> 4 << 24);
    put16(bytes, 0);
    return bytes;
}

} // namespace

std::optional<DnsQuery> readDnsQuery(std::string_view message)
{
    if (message.size() < kHeadSize)
        return std::nullopt;
    Reader reader(message);
    DnsQuery query;
    query.id = reader.number();
    const std::uint16_t flags = reader.number();
    if (flags & kResponse)
        return std::nullopt;
    query.opcode = flags >> 11 & 0xf;
    query.recursionDesired = flags & kRecursionDesired;
    query.checkingDisabled = flags & kCheckingDisabled;
    const std::uint16_t questions = reader.number();
    const std::uint16_t answers = reader.number();
    const std::uint16_t authorities = reader.number();
    const std::uint16_t additional = reader.number();
    if (query.opcode != 0) {
        query.code = DnsCode::NotImplemented;
        return query;
    }
    // One question, as everybody asks (RFC 9619), and nothing known already.
    if (questions != 1 || answers != 0 || authorities != 0) {
        query.code = DnsCode::FormatError;
        return query;
    }
    query.name = readQuestionName(reader);
    query.type = reader.number();
    query.dnsClass = reader.number();
    if (!reader.isGood()) {
        query.code = DnsCode::FormatError;
        return query;
    }
    query.question = message.substr(kHeadSize, reader.at() - kHeadSize);
    readAdditional(reader, additional, query);
    if (!reader.isGood() || !reader.isAtEnd())
        query.code = DnsCode::FormatError;
    return query;
}

std::string writeDnsAnswer(const DnsQuery& query, const DnsAnswer& answer, std::size_t limit)
{
    std::string records;
    for (const DnsRecord& record : answer.records) {
        put16(records, kPointer << 8 | kHeadSize); // the question's name
        put16(records, record.type);
        put16(records, dns::kInternet);
        put32(records, dns::kTtl);
        put16(records, static_cast<std::uint32_t>(record.data.size()));
        records += record.data;
    }
    const bool saysNone = answer.records.empty() && !query.question.empty() &&
                          (answer.code == DnsCode::NoError || answer.code == DnsCode::NoSuchName);
    std::string authority = saysNone ? soaRecord() : "";
    const std::string extension = query.hasExtension ? optRecord(answer.code) : "";
    const bool isCut =
        kHeadSize + query.question.size() + records.size() + authority.size() + extension.size() >
        limit;
    const std::size_t count = isCut ? 0 : answer.records.size();
    if (isCut) {
        records.clear();
        authority.clear();
    }

    std::uint32_t flags = kResponse | kRecursionAvailable | query.opcode << 11 |
                          (static_cast<std::uint32_t>(answer.code) & 0xf);
    flags |= isCut ? kTruncated : 0;
    flags |= query.recursionDesired ? kRecursionDesired : 0;
    flags |= query.checkingDisabled ? kCheckingDisabled : 0;
    std::string bytes;
    put16(bytes, query.id);
    put16(bytes, flags);
    put16(bytes, query.question.empty() ? 0 : 1);
    put16(bytes, static_cast<std::uint32_t>(count));
    put16(bytes, authority.empty() ? 0 : 1);
    put16(bytes, extension.empty() ? 0 : 1);
    return bytes + query.question + records + authority + extension;
}

std::string encodeDnsName(std::string_view name)
{
    std::string bytes;
    while (!name.empty()) {
        const std::size_t end = std::min(name.find('.'), name.size());
        bytes += static_cast<char>(end);
        bytes += name.substr(0, end);
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return bytes + '\0';
}

} // namespace caisson::keeper
