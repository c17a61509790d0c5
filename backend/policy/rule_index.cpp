// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/rule_index.h"

namespace caisson::policy {

std::uint64_t RuleIndex::hashOf(const Address& address, int length)
{
    Hash hash;
    hash.add(address.isV4() ? '4' : '6');
    hash.add(static_cast<char>(length));
    const auto& bytes = address.bytes();
    const std::size_t size = address.isV4() ? 4 : 16;
    for (std::size_t at = 0; at < size; ++at) {
        const int left = length - static_cast<int>(at) * 8;
        if (left <= 0)
            break;
        const unsigned mask = left >= 8 ? 0xffu : 0xffu << (8 - left);
        hash.add(static_cast<char>(bytes[at] & mask));
    }
    return hash.value;
}

void RuleIndex::put(std::uint64_t key, std::uint32_t rule)
{
    std::vector<std::uint32_t>& rules = m_rules[key];
    if (rules.empty() || rules.back() != rule)
        rules.push_back(rule);
}

void RuleIndex::add(std::uint32_t rule, const HostPattern* host, const std::optional<Cidr>& cidr,
                    const PathPattern* path)
{
    if (cidr) {
        std::vector<int>& lengths = cidr->first.isV4() ? m_lengthsV4 : m_lengthsV6;
        if (!std::ranges::contains(lengths, cidr->length))
            lengths.push_back(cidr->length);
        put(keyOf(hashOf(cidr->first, cidr->length), 1), rule);
        return;
    }
    std::uint64_t hostHash = Hash().value;
    unsigned* depths = m_depths.data();
    if (host->address()) {
        hostHash = hashOf(*host->address(), 128);
        depths = &m_addressDepths;
    } else if (const std::string_view end = host->literalEnd(); !end.empty()) {
        Hash hash;
        std::size_t labels = 0;
        for (std::size_t at = end.size(); at-- > 0;) {
            if (end[at] == '.' && ++labels == kLabels)
                break;
            hash.add(end[at]);
        }
        hostHash = hash.value;
        depths = &m_depths[std::min(labels + 1, kLabels)];
    }
    if (!path) {
        *depths |= 1;
        put(keyOf(hostHash, 0), rule);
        return;
    }
    for (const std::vector<std::string>& begin : path->literalBegins(kSegments)) {
        Hash hash;
        for (const std::string& segment : begin) {
            hash.add('/');
            hash.add(segment);
        }
        *depths |= 1u << begin.size();
        put(keyOf(hostHash, begin.empty() ? 0 : hash.value), rule);
    }
}

} // namespace caisson::policy
