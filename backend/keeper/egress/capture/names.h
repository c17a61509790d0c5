// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/policy/address.h"

#include <chrono>
#include <functional>
#include <list>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace caisson::keeper {

/// Gives each name that a sandbox asks for an address of its own, so that a connection's name is
/// known whatever protocol it speaks: one of 198.18.0.0/15 (RFC 2544) and one of a ULA /64
/// (RFC 4193). Names are canonical.
///
/// Bounded: at most 65,536 names with 4 MiB of text. Beyond that, the name that was not asked for or
/// dialled for the longest time makes room, unless that is less than two minutes: answers live for
/// one (kDnsTtl), and whoever still has one must not reach another name by it. The numbers go round,
/// so that even an address that is kept too long is nobody's for as long as possible.
class Names
{
public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;
    explicit Names(Clock clock = std::chrono::steady_clock::now);
    ~Names();
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    struct Addresses
    {
        policy::Address v4;
        policy::Address v6;
    };
    /// None: there is no room, as 65,536 names were asked for within two minutes.
    std::optional<Addresses> addressesOf(std::string_view name);
    /// Called for each name that there is no room for.
    std::function<void(std::string_view name)> onNoRoom;
    /// The name behind a synthetic address; none for an address that no name has.
    std::optional<std::string> nameOf(const policy::Address& address);
    /// Whether it lies in one of the two blocks, be it a name's or not.
    static bool isSynthetic(const policy::Address& address);

    std::size_t size() const { return m_entries.size(); }

private:
    struct Entry
    {
        std::pmr::string name;
        std::uint32_t number;
        std::chrono::steady_clock::time_point used;
    };
    using Entries = std::pmr::list<Entry>;
    void use(Entries::iterator entry);
    bool makeRoom(std::size_t bytes);
    std::uint32_t freeNumber();

    Clock m_clock;
    /// Names outlive the connections that ask for them. Among those on the heap each would hold on
    /// to a page: 40 MB after 10,000.
    std::pmr::unsynchronized_pool_resource m_memory;
    Entries m_entries{&m_memory}; ///< the most recently used first
    std::pmr::unordered_map<std::string_view, Entries::iterator> m_byName{&m_memory};
    std::pmr::unordered_map<std::uint32_t, Entries::iterator> m_byNumber{&m_memory};
    std::size_t m_bytes = 0; ///< of the names
    std::uint32_t m_next;
};

} // namespace caisson::keeper
