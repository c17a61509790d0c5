// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/policy/address.h"

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace caisson::keeper {

/// Gives each name that a sandbox asks for an address of its own, so that a connection's name is
/// known whatever protocol it speaks: one of 198.18.0.0/15 (RFC 2544) and one of a ULA /64
/// (RFC 4193). Names are canonical. Bounded: beyond 65,536 the name that was not asked for or dialled
/// for the longest time loses its address, and that address is not given again for a while.
class Names
{
public:
    struct Addresses
    {
        policy::Address v4;
        policy::Address v6;
    };
    Addresses addressesOf(std::string_view name);
    /// The name behind a synthetic address; none for an address that no name has.
    std::optional<std::string> nameOf(const policy::Address& address);
    static bool isSynthetic(const policy::Address& address);

private:
    struct Entry;
    std::list<Entry> m_entries; ///< the most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> m_byName;
    std::unordered_map<std::uint32_t, std::list<Entry>::iterator> m_byNumber;
    std::uint32_t m_next = 0;
};

} // namespace caisson::keeper
