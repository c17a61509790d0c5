// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/names.h"

#include "backend/keeper/egress/capture/own_addresses.h"

#include <algorithm>
#include <iterator>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxNames = 65536;
constexpr std::size_t kMaxBytes = 4u << 20;
constexpr std::chrono::minutes kHold(2);

/// The number within its block; none for an address outside both.
std::optional<std::uint32_t> numberOf(const policy::Address& address)
{
    const auto& bytes = address.bytes();
    if (address.isV4()) {
        const std::uint32_t value = static_cast<std::uint32_t>(bytes[0]) << 24 |
                                    static_cast<std::uint32_t>(bytes[1]) << 16 |
                                    static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
        const std::uint32_t number = value - kSyntheticV4;
        return number < kSyntheticV4Size ? std::optional(number) : std::nullopt;
    }
    if (!std::equal(kSyntheticV6.begin(), kSyntheticV6.end(), bytes.begin()))
        return std::nullopt;
    std::uint32_t number = 0;
    for (std::size_t i = 12; i < 16; ++i)
        number = number << 8 | bytes[i];
    // In the block, but no number that was ever given out.
    if (std::any_of(bytes.begin() + 8, bytes.begin() + 12, [](auto byte) { return byte != 0; }))
        return 0;
    return number;
}

} // namespace

Names::Names(Clock clock)
    : m_clock(std::move(clock))
    , m_next(kFirstNameNumber)
{
}

Names::~Names() = default;

bool Names::isSynthetic(const policy::Address& address)
{
    return numberOf(address).has_value();
}

void Names::use(Entries::iterator entry)
{
    entry->used = m_clock();
    m_entries.splice(m_entries.begin(), m_entries, entry);
}

/// For one more name of so many bytes.
bool Names::makeRoom(std::size_t bytes)
{
    const auto now = m_clock();
    while (m_entries.size() >= kMaxNames || m_bytes + bytes > kMaxBytes) {
        if (m_entries.empty() || now - m_entries.back().used < kHold)
            return false;
        const Entry& oldest = m_entries.back();
        m_bytes -= oldest.name.size();
        m_byName.erase(oldest.name);
        m_byNumber.erase(oldest.number);
        m_entries.pop_back();
    }
    return true;
}

/// There is one, as there are twice as many numbers as names.
std::uint32_t Names::freeNumber()
{
    while (m_byNumber.contains(m_next))
        m_next = m_next + 1 < kSyntheticV4Size ? m_next + 1 : kFirstNameNumber;
    const std::uint32_t number = m_next;
    m_next = m_next + 1 < kSyntheticV4Size ? m_next + 1 : kFirstNameNumber;
    return number;
}

std::optional<Names::Addresses> Names::addressesOf(std::string_view name)
{
    auto found = m_byName.find(name);
    if (found != m_byName.end()) {
        use(found->second);
    } else {
        if (!makeRoom(name.size())) {
            if (onNoRoom)
                onNoRoom(name);
            return std::nullopt;
        }
        m_entries.push_front(Entry{std::pmr::string(name, &m_memory), freeNumber(), m_clock()});
        m_bytes += name.size();
        m_byName.emplace(m_entries.front().name, m_entries.begin());
        m_byNumber.emplace(m_entries.front().number, m_entries.begin());
    }
    const std::uint32_t number = m_entries.front().number;
    return Addresses{policy::Address::v4(syntheticV4(number)),
                     policy::Address::v6(syntheticV6(number))};
}

std::optional<std::string> Names::nameOf(const policy::Address& address)
{
    const auto number = numberOf(address);
    if (!number)
        return std::nullopt;
    const auto found = m_byNumber.find(*number);
    if (found == m_byNumber.end())
        return std::nullopt;
    use(found->second);
    return std::string(found->second->name);
}

} // namespace caisson::keeper
