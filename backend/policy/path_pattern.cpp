// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/path_pattern.h"

#include "backend/policy/glob.h"
#include "backend/policy/path.h"

#include <algorithm>

namespace caisson::policy {

namespace {

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/// The byte an escape at `at` stands for; none: there is no whole one.
std::optional<char> escaped(std::string_view text, std::size_t at)
{
    if (text[at] != '%' || at + 2 >= text.size())
        return std::nullopt;
    const int high = hexValue(text[at + 1]);
    const int low = hexValue(text[at + 2]);
    if (high < 0 || low < 0)
        return std::nullopt;
    return static_cast<char>(high * 16 + low);
}

std::string unescaped(std::string_view text)
{
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (const std::optional<char> byte = escaped(text, at)) {
            plain += *byte;
            at += 2;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

std::string merged(std::string_view path)
{
    std::string single;
    single.reserve(path.size());
    for (const char c : path) {
        if (c != '/' || single.empty() || single.back() != '/')
            single += c;
    }
    return single;
}

/// A character of a pattern: itself, or a wildcard.
struct Token
{
    char character = 0;
    bool isStar = false;
};

enum class Escapes { Kept, Undone };

std::vector<Token> tokensOf(std::string_view pattern, Escapes escapes)
{
    std::vector<Token> tokens;
    tokens.reserve(pattern.size());
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) {
            tokens.push_back({pattern[++at], false});
            continue;
        }
        const std::optional<char> byte =
            escapes == Escapes::Undone ? escaped(pattern, at) : std::nullopt;
        if (byte) {
            tokens.push_back({*byte, false});
            at += 2;
        } else {
            tokens.push_back({pattern[at], pattern[at] == '*'});
        }
    }
    return tokens;
}

void append(Glob& glob, Token token)
{
    if (token.isStar)
        glob.pieces.emplace_back();
    else
        glob.pieces.back() += token.character;
}

} // namespace

PathReadings::PathReadings(std::string_view target)
    : m_sent(pathOf(target))
    , m_query(queryOf(target))
    , m_isPlain(!m_sent.contains('%') && !m_sent.contains("//"))
{
    if (m_isPlain)
        return;
    m_readings[0] = m_sent;
    m_readings[kUnescapes] = unescaped(m_sent);
    m_readings[kMerges] = merged(m_sent);
    m_readings[kUnescapes | kMerges] = merged(m_readings[kUnescapes]);
}

bool Glob::fits(std::string_view text) const
{
    const std::string& first = pieces.front();
    if (isLiteral())
        return text == first;
    const std::string& last = pieces.back();
    if (text.size() < first.size() + last.size() || !text.starts_with(first) ||
        !text.ends_with(last))
        return false;
    text = text.substr(first.size(), text.size() - first.size() - last.size());
    for (std::size_t piece = 1; piece + 1 < pieces.size(); ++piece) {
        const std::size_t at = text.find(pieces[piece]);
        if (at == std::string_view::npos)
            return false;
        text.remove_prefix(at + pieces[piece].size());
    }
    return true;
}

PathPattern::PathPattern(std::string_view pattern)
{
    const std::string_view path = pathOf(pattern);
    m_readings.push_back(compile(path, 0));
    if (path.contains('%') || path.contains("//")) {
        for (std::size_t reading = 1; reading < kReadings; ++reading)
            m_readings.push_back(compile(path, reading));
    }
    if (pattern.contains('?')) {
        m_query.emplace();
        for (const Token token : tokensOf(queryOf(pattern), Escapes::Kept))
            append(*m_query, token);
    }
}

PathPattern::Segments PathPattern::compile(std::string_view pattern, std::size_t reading)
{
    const std::vector<Token> tokens =
        tokensOf(pattern, (reading & kUnescapes) != 0 ? Escapes::Undone : Escapes::Kept);
    const bool merges = (reading & kMerges) != 0;
    Segments segments;
    // The leading slash opens the first segment; a pattern without one fits nothing.
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        const Token token = tokens[at];
        if (token.character == '/' && !token.isStar) {
            const bool isEmpty = at > 0 && tokens[at - 1].character == '/';
            if (!(merges && isEmpty))
                segments.emplace_back();
        } else if (!segments.empty()) {
            append(segments.back().glob, token);
        } else {
            return {};
        }
    }
    for (Segment& segment : segments) {
        const std::vector<std::string>& pieces = segment.glob.pieces;
        segment.isAnyNumber =
            pieces.size() == 3 && std::ranges::all_of(pieces, &std::string::empty);
    }
    return segments;
}

bool PathPattern::fits(const PathReadings& path, std::size_t reading) const
{
    const Segments& segments = m_readings[m_readings.size() == 1 ? 0 : reading];
    if (segments.empty() || path[reading].empty())
        return false;
    return fitsParts(
        std::span<const Segment>(segments), Parts(path[reading].substr(1), '/'),
        [](const Segment& segment) { return segment.isAnyNumber; },
        [](const Segment& segment, std::string_view part) { return segment.glob.fits(part); });
}

bool PathPattern::fitsQuery(std::string_view query, Unclear unclear) const
{
    if (!m_query)
        return true;
    if (hasOverlong(query))
        return unclear == Unclear::Fits;
    return query.contains('%') ? m_query->fits(comparableQuery(query)) : m_query->fits(query);
}

bool PathPattern::fitsAll(const PathReadings& path) const
{
    const std::size_t readings = path.isPlain() && m_readings.size() == 1 ? 1 : kReadings;
    for (std::size_t reading = 0; reading < readings; ++reading) {
        if (!fits(path, reading))
            return false;
    }
    return fitsQuery(path.query(), Unclear::Differs);
}

bool PathPattern::fitsAny(const PathReadings& path) const
{
    const std::size_t readings = path.isPlain() && m_readings.size() == 1 ? 1 : kReadings;
    for (std::size_t reading = 0; reading < readings; ++reading) {
        if (fits(path, reading))
            return fitsQuery(path.query(), Unclear::Fits);
    }
    return false;
}

std::vector<std::vector<std::string>> PathPattern::literalBegins(std::size_t limit) const
{
    std::vector<std::vector<std::string>> begins;
    for (const Segments& segments : m_readings) {
        std::vector<std::string> begin;
        for (const Segment& segment : segments) {
            if (begin.size() == limit || !segment.glob.isLiteral())
                break;
            begin.push_back(segment.glob.pieces.front());
        }
        if (std::ranges::find(begins, begin) == begins.end())
            begins.push_back(std::move(begin));
    }
    return begins;
}

} // namespace caisson::policy
