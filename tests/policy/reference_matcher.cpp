// SPDX-License-Identifier: GPL-3.0-or-later
#include "reference_matcher.h"

#include <algorithm>
#include <cctype>

namespace caisson::policy {

namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text, char separator)
{
    Words words(1);
    for (const char c : text) {
        if (c == separator)
            words.emplace_back();
        else
            words.back() += c;
    }
    return words;
}

bool fitsLabels(const Words& pattern, std::size_t p, const Words& labels, std::size_t l)
{
    if (p == pattern.size())
        return l == labels.size();
    if (pattern[p] == "**")
        return fitsLabels(pattern, p + 1, labels, l) ||
               (l < labels.size() && fitsLabels(pattern, p, labels, l + 1));
    return l < labels.size() && (pattern[p] == "*" || pattern[p] == labels[l]) &&
           fitsLabels(pattern, p + 1, labels, l + 1);
}

bool fitsHost(const std::string& pattern, const std::string& host)
{
    if (Address::parse(host))
        return pattern == host || pattern == "**";
    return fitsLabels(split(pattern, '.'), 0, split(host, '.'), 0);
}

/// One character of a pattern, or a wildcard.
struct Sign
{
    char c;
    bool isStar;
};

using Signs = std::vector<Sign>;

bool fitsSigns(const Signs& signs, std::size_t s, const std::string& text, std::size_t t)
{
    if (s == signs.size())
        return t == text.size();
    if (signs[s].isStar)
        return fitsSigns(signs, s + 1, text, t) ||
               (t < text.size() && fitsSigns(signs, s, text, t + 1));
    return t < text.size() && signs[s].c == text[t] && fitsSigns(signs, s + 1, text, t + 1);
}

bool isAnyNumber(const Signs& segment)
{
    return segment.size() == 2 && segment[0].isStar && segment[1].isStar;
}

bool fitsSegments(const std::vector<Signs>& pattern, std::size_t p, const Words& path,
                  std::size_t s)
{
    if (p == pattern.size())
        return s == path.size();
    if (isAnyNumber(pattern[p]))
        return fitsSegments(pattern, p + 1, path, s) ||
               (s < path.size() && fitsSegments(pattern, p, path, s + 1));
    return s < path.size() && fitsSigns(pattern[p], 0, path[s], 0) &&
           fitsSegments(pattern, p + 1, path, s + 1);
}

Signs signsOf(const std::string& pattern, bool undoesEscapes)
{
    Signs signs;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\')
            signs.push_back({pattern[++at], false});
        else if (pattern[at] == '%' && undoesEscapes) {
            signs.push_back(
                {static_cast<char>(std::stoi(pattern.substr(at + 1, 2), nullptr, 16)), false});
            at += 2;
        } else {
            signs.push_back({pattern[at], pattern[at] == '*'});
        }
    }
    return signs;
}

/// Without slashes that follow a slash.
Signs merged(const Signs& signs)
{
    Signs kept;
    for (const Sign sign : signs) {
        if (sign.c != '/' || kept.empty() || kept.back().c != '/')
            kept.push_back(sign);
    }
    return kept;
}

bool fitsPath(const std::string& pattern, const std::string& path, bool undoesEscapes, bool merges)
{
    Signs patternSigns = signsOf(pattern, undoesEscapes);
    Signs pathSigns;
    for (const Sign sign : signsOf(path, undoesEscapes))
        pathSigns.push_back({sign.c, false});
    if (merges) {
        patternSigns = merged(patternSigns);
        pathSigns = merged(pathSigns);
    }
    std::vector<Signs> patternSegments;
    for (const Sign sign : patternSigns) {
        if (sign.c == '/')
            patternSegments.emplace_back();
        else
            patternSegments.back().push_back(sign);
    }
    std::string text;
    for (const Sign sign : pathSigns)
        text += sign.c;
    return fitsSegments(patternSegments, 0, split(text.substr(1), '/'), 0);
}

/// Any two bytes in the order in which UTF-8 would need fewer.
bool isTooLong(const std::string& text)
{
    std::string bytes;
    for (const Sign sign : signsOf(text, true))
        bytes += sign.c;
    for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
        const int lead = static_cast<unsigned char>(bytes[at]);
        const int next = static_cast<unsigned char>(bytes[at + 1]);
        if ((lead | 1) == 0xc1 &&
            ((next & 0xc0) == 0x80 || next == '.' || next == '/' || next == '\\'))
            return true;
        // Leads of 3 to 6 bytes that carry no bits themselves, and a second that carries no high one.
        for (const auto& [zero, below] : {std::pair(0xe0, 0xa0), std::pair(0xf0, 0x90),
                                          std::pair(0xf8, 0x88), std::pair(0xfc, 0x84)}) {
            if (lead == zero && next >= 0x80 && next < below)
                return true;
        }
    }
    return false;
}

bool fitsTarget(const Rule& rule, const std::string& target)
{
    const bool mustBeSure = rule.action == Action::Allow || rule.action == Action::Tunnel;
    const std::string pattern = split(rule.path, '?').front();
    const std::string path = split(target, '?').front();
    const auto queryFrom = [](const std::string& text) {
        const std::size_t question = text.find('?');
        return question == std::string::npos ? std::string() : text.substr(question + 1);
    };
    const bool isUnclear = rule.path.contains('?') && isTooLong(queryFrom(target));
    if (isUnclear && mustBeSure)
        return false;
    if (!isUnclear && rule.path.contains('?') &&
        !fitsSigns(signsOf(queryFrom(rule.path), false), 0, queryFrom(target), 0))
        return false;
    int fitting = 0;
    for (const bool undoesEscapes : {false, true}) {
        for (const bool merges : {false, true})
            fitting += fitsPath(pattern, path, undoesEscapes, merges) ? 1 : 0;
    }
    return mustBeSure ? fitting == 4 : fitting > 0;
}

bool fitsConnection(const Rule& rule, Moment expiry, const Request& request, Moment now)
{
    const bool mustBeSure = rule.action == Action::Allow || rule.action == Action::Tunnel;
    const std::string host(request.host);
    const auto address = Address::parse(host);
    const auto embedded = address ? address->embedded() : std::nullopt;
    bool isHost = false;
    if (rule.cidr) {
        isHost = address && rule.cidr->contains(*address);
        isHost = isHost || (embedded && !mustBeSure && rule.cidr->contains(*embedded));
    } else {
        isHost = fitsHost(rule.host, host);
        isHost = isHost || (embedded && !mustBeSure && rule.host == embedded->toString());
    }
    const bool isUsual = (request.port == 80 || request.port == 443) &&
                         (request.protocol != Protocol::Tcp || !mustBeSure);
    const bool isPort =
        rule.ports.empty() ? isUsual : std::ranges::contains(rule.ports, request.port);
    return rule.enabled && now < expiry && isHost && isPort &&
           (rule.process.empty() || rule.process == request.process) &&
           (rule.lasts != Lasts::Process || rule.pid == request.pid);
}

bool fits(const Rule& rule, Moment expiry, const Request& request, Moment now)
{
    if (!fitsConnection(rule, expiry, request, now))
        return false;
    const bool mustBeSure = rule.action == Action::Allow || rule.action == Action::Tunnel;
    if (request.protocol == Protocol::Tls || request.protocol == Protocol::Tcp)
        return !mustBeSure || (rule.methods.empty() && rule.path.empty());
    std::string method(request.method);
    if (!mustBeSure)
        std::ranges::transform(method, method.begin(),
                               [](unsigned char c) { return std::toupper(c); });
    if (!rule.methods.empty() && !std::ranges::contains(rule.methods, method))
        return false;
    return rule.path.empty() || fitsTarget(rule, std::string(request.target));
}

} // namespace

std::optional<std::size_t> firstRule(const Policy& policy, const std::vector<Moment>& expiries,
                                     const Request& request, Moment now)
{
    for (std::size_t at = 0; at < policy.rules.size(); ++at) {
        if (fits(policy.rules[at], expiries[at], request, now))
            return at;
    }
    return std::nullopt;
}

bool passesUnopened(const Policy& policy, const std::vector<Moment>& expiries,
                    const Request& request, Moment now)
{
    for (std::size_t at = 0; at < policy.rules.size(); ++at) {
        if (fitsConnection(policy.rules[at], expiries[at], request, now))
            return policy.rules[at].action == Action::Tunnel;
    }
    return false;
}

} // namespace caisson::policy
