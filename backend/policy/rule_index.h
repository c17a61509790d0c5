// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/policy/address.h"
#include "backend/policy/host_pattern.h"
#include "backend/policy/path_pattern.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

namespace caisson::policy {

/// Finds which rules can fit a request at all: by the last labels of their host, up to the last
/// wildcard, and by the first segments of their path, up to the first. What it finds has to be
/// looked at closely still; what it does not find does not fit.
class RuleIndex
{
public:
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    /// In the order of the rules. `host` is none where there is a cidr, `path` where any will do.
    void add(std::uint32_t rule, const HostPattern* host, const std::optional<Cidr>& cidr,
             const PathPattern* path);

    /// The first rule that `fits`; kNone: no one does.
    template<class Fits>
    std::size_t first(std::string_view host, const std::optional<Address>& address,
                      const std::optional<Address>& embedded, const PathReadings& path,
                      Fits fits) const
    {
        std::size_t best = kNone;
        eachKey(host, address, embedded, path, [&](std::uint64_t key) {
            const auto found = m_rules.find(key);
            if (found == m_rules.end())
                return;
            for (const std::uint32_t rule : found->second) {
                if (rule >= best)
                    return;
                if (fits(rule)) {
                    best = rule;
                    return;
                }
            }
        });
        return best;
    }

private:
    static constexpr std::size_t kLabels = 8;
    static constexpr std::size_t kSegments = 7;

    /// FNV-1a. Two of one hash only cost a closer look.
    struct Hash
    {
        std::uint64_t value = 0xcbf29ce484222325;
        void add(char c) { value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3; }
        void add(std::string_view text)
        {
            for (const char c : text)
                add(c);
        }
    };

    struct Keyless
    {
        std::size_t operator()(std::uint64_t key) const { return key; }
    };

    static std::uint64_t keyOf(std::uint64_t host, std::uint64_t path)
    {
        std::uint64_t key = host ^ (path * 0x9e3779b97f4a7c15);
        key ^= key >> 29;
        return key * 0xbf58476d1ce4e5b9;
    }

    static std::uint64_t hashOf(const Address& address, int length);
    void put(std::uint64_t key, std::uint32_t rule);

    template<class Take>
    void eachPath(const PathReadings& path, unsigned depths, std::uint64_t host, Take take) const
    {
        if ((depths & 1) != 0)
            take(keyOf(host, 0));
        if (depths <= 1)
            return;
        const std::size_t readings = path.isPlain() ? 1 : kReadings;
        for (std::size_t reading = 0; reading < readings; ++reading) {
            const std::string_view text = path[reading];
            Hash hash;
            std::size_t depth = 1;
            // Each segment's hash is with its slash before it.
            for (std::size_t at = 0; at < text.size() && depth <= kSegments; ++at) {
                hash.add(text[at]);
                if (at + 1 < text.size() && text[at + 1] != '/')
                    continue;
                if (((depths >> depth) & 1) != 0)
                    take(keyOf(host, hash.value));
                ++depth;
            }
        }
    }

    template<class Take>
    void eachKey(std::string_view host, const std::optional<Address>& address,
                 const std::optional<Address>& embedded, const PathReadings& path, Take take) const
    {
        // A lone `**`, or a name that ends in a wildcard.
        eachPath(path, m_depths[0], Hash().value, take);
        if (address) {
            for (const std::optional<Address>& each : {address, embedded}) {
                if (!each)
                    continue;
                eachPath(path, m_addressDepths, hashOf(*each, 128), take);
                for (const int length : each->isV4() ? m_lengthsV4 : m_lengthsV6)
                    take(keyOf(hashOf(*each, length), 1));
            }
            return;
        }
        Hash hash;
        std::size_t labels = 1;
        for (std::size_t at = host.size(); at-- > 0 && labels <= kLabels;) {
            hash.add(host[at]);
            if (at > 0 && host[at - 1] != '.')
                continue;
            eachPath(path, m_depths[labels], hash.value, take);
            ++labels;
            if (at > 0)
                hash.add(host[--at]);
        }
    }

    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>, Keyless> m_rules;
    /// Of rules with so many labels, the numbers of segments they are found by, as bits.
    std::array<unsigned, kLabels + 1> m_depths{};
    unsigned m_addressDepths = 0;
    std::vector<int> m_lengthsV4;
    std::vector<int> m_lengthsV6;
};

} // namespace caisson::policy
