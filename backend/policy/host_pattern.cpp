// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/host_pattern.h"

#include "backend/policy/glob.h"
#include "backend/policy/host_name.h"

#include <algorithm>

namespace caisson::policy {

namespace {

constexpr std::string_view kOne = "*";
constexpr std::string_view kAnyNumber = "**";

bool isWildcard(std::string_view label)
{
    return label == kOne || label == kAnyNumber;
}

bool isNumber(std::string_view label)
{
    return !label.empty() &&
           std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

/// Nothing but numbers and wildcards, as "203.0.113.*": written for addresses, none of which it fits.
/// A rule with it that denies would deny nothing.
bool isMeantForAddresses(std::string_view text)
{
    bool hasNumber = false;
    for (Parts labels(text, '.'); !labels.atEnd(); ++labels) {
        if (!isWildcard(*labels) && !isNumber(*labels))
            return false;
        hasNumber = hasNumber || isNumber(*labels);
    }
    return hasNumber;
}

/// "10.1.*.*" → "10.1.0.0/16": of the numbers it begins with; none where it does not.
std::optional<Cidr> blockOf(std::string_view text)
{
    std::string first;
    int numbers = 0;
    for (Parts labels(text, '.'); !labels.atEnd() && isNumber(*labels) && numbers < 3; ++labels) {
        first += std::string(*labels) + '.';
        ++numbers;
    }
    if (numbers == 0)
        return std::nullopt;
    for (int missing = 4 - numbers; missing > 0; --missing)
        first += missing > 1 ? "0." : "0";
    return Cidr::parse(first + '/' + std::to_string(8 * numbers));
}

std::unexpected<Error> refuseForAddresses(const std::optional<Cidr>& block)
{
    return fail(ErrorCode::InvalidName,
                "Addresses have no labels, so that a wildcard fits none of them; write cidr = \"" +
                    (block ? block->toString() : "203.0.113.0/24") + "\" instead of host.");
}

} // namespace

Result<std::string> canonicalHostPattern(std::string_view text)
{
    if (const std::optional<Cidr> block = Cidr::parse(text))
        return fail(ErrorCode::InvalidName, "This is a block of addresses; write cidr = \"" +
                                                block->toString() + "\" instead of host.");
    if (!text.contains('*'))
        return canonicalHost(text);
    if (text.ends_with('.'))
        text.remove_suffix(1);
    if (isMeantForAddresses(text))
        return refuseForAddresses(blockOf(text));
    // Only "host:port" has a single one.
    if (std::ranges::count(text, ':') > 1)
        return fail(ErrorCode::InvalidName, "A wildcard fits no IPv6 address; write cidr = "
                                            "\"2001:db8::/32\" instead of host.");
    std::string pattern;
    std::string lastLabel;
    for (Parts labels(text, '.'); !labels.atEnd(); ++labels) {
        const std::string_view label = *labels;
        if (!pattern.empty())
            pattern += '.';
        if (isWildcard(label)) {
            pattern += label;
            lastLabel.clear();
            continue;
        }
        if (label.contains('*'))
            return fail(ErrorCode::InvalidName, "A star stands for a whole label, between dots.");
        // A label that is a number is one only at the end; with a letter before, any is let by.
        Result<std::string> canonical = canonicalHost(std::string(label) + ".x");
        if (!canonical)
            return canonical;
        canonical->resize(canonical->size() - 2);
        if (canonical->contains('.'))
            return fail(ErrorCode::InvalidName, "Labels are separated by '.' only.");
        lastLabel = std::move(*canonical);
        pattern += lastLabel;
    }
    if (!lastLabel.empty()) {
        if (Result<std::string> last = canonicalHost(lastLabel); !last)
            return last;
    }
    if (pattern.size() > 253)
        return fail(ErrorCode::InvalidName,
                    "This is no host name: it has more than 253 characters.");
    return pattern;
}

HostPattern::HostPattern(std::string_view pattern)
    : m_address(Address::parse(pattern))
{
    std::size_t literal = 0;
    std::size_t at = 0;
    std::vector<std::string> labels;
    for (Parts parts(pattern, '.'); !parts.atEnd(); ++parts) {
        const std::string_view label = *parts;
        at += label.size() + 1;
        labels.emplace_back(label);
        if (isWildcard(label)) {
            m_wild.insert(m_wild.end(), labels.begin(), labels.end());
            labels.clear();
            literal = at;
        }
    }
    m_literalEnd = pattern.substr(std::min(literal, pattern.size()));
}

bool HostPattern::fits(std::string_view canonicalHost, bool isAddress) const
{
    if (m_wild.empty())
        return canonicalHost == m_literalEnd;
    if (isAddress)
        return m_literalEnd.empty() && m_wild.size() == 1 && m_wild.front() == kAnyNumber;
    Parts rest(canonicalHost, '.');
    if (!m_literalEnd.empty()) {
        if (!canonicalHost.ends_with(m_literalEnd))
            return false;
        std::string_view before =
            canonicalHost.substr(0, canonicalHost.size() - m_literalEnd.size());
        if (before.empty()) {
            rest = Parts::none('.');
        } else {
            if (before.back() != '.')
                return false;
            before.remove_suffix(1);
            rest = Parts(before, '.');
        }
    }
    return fitsParts(
        std::span<const std::string>(m_wild), rest,
        [](std::string_view label) { return label == kAnyNumber; },
        [](std::string_view label, std::string_view part) {
            return label == kOne || label == part;
        });
}

} // namespace caisson::policy
