// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/path.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace caisson::policy {

namespace {

std::unexpected<Error> refuse(std::string_view why)
{
    return fail(ErrorCode::BadRequest, "The path is not clear: " + std::string(why));
}

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// The byte that an escape at `at` stands for; -1: it is broken.
int escapedByte(std::string_view text, std::size_t at)
{
    if (at + 2 >= text.size())
        return -1;
    const int high = hexValue(text[at + 1]);
    const int low = hexValue(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool isUnreserved(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void appendEscape(std::string& text, int byte)
{
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    text += '%';
    text += kDigits[static_cast<std::size_t>(byte >> 4)];
    text += kDigits[static_cast<std::size_t>(byte & 15)];
}

bool isPlain(char c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

constexpr std::string_view kOverlong =
    "it holds a character of UTF-8 in a form that is too long, which some servers undo.";

enum class Stars { Plain, MayBeEscaped };

/// Escapes in the one form they can have. `\*` of a pattern is kept.
Result<std::string> normalisedEscapes(std::string_view path, Stars stars)
{
    std::string normal;
    normal.reserve(path.size());
    for (std::size_t at = 0; at < path.size(); ++at) {
        const char c = path[at];
        if (!isPlain(c))
            return refuse("it holds a space, a '#', a control character or one beyond ASCII.");
        if (c == '\\') {
            if (stars != Stars::MayBeEscaped || at + 1 >= path.size() || path[at + 1] != '*')
                return refuse("a backslash is a slash for some servers.");
            normal += "\\*";
            ++at;
        } else if (c == '%') {
            const int byte = escapedByte(path, at);
            if (byte < 0)
                return refuse("behind a '%' two hexadecimal digits are missing.");
            if (byte == 0 || byte == '\\')
                return refuse("it holds an escaped backslash or NUL.");
            if (isUnreserved(byte))
                normal += static_cast<char>(byte);
            else
                appendEscape(normal, byte);
            at += 2;
        } else {
            normal += c;
        }
    }
    return normal;
}

enum class Dots { None, Here, Up, Unclear };

/// What a server that cuts at `;` (RFC 2396 parameters) would take for a dot segment is none in
/// RFC 3986: "/a/..;/b" has opened many doors.
Dots dotsOf(std::string_view segment)
{
    if (segment == ".")
        return Dots::Here;
    if (segment == "..")
        return Dots::Up;
    const std::size_t end = std::min(segment.find(';'), segment.find("%3B"));
    const std::string_view bare = segment.substr(0, end);
    return end != std::string_view::npos && (bare == "." || bare == "..") ? Dots::Unclear
                                                                          : Dots::None;
}

/// An escaped slash stays, as npm sends one in the names of scoped packages; whoever undoes it
/// must not find dot segments behind it.
bool hidesDots(std::string_view segment)
{
    constexpr std::string_view kSlash = "%2F";
    if (!segment.contains(kSlash))
        return false;
    for (std::size_t begin = 0; begin <= segment.size();) {
        const std::size_t end = std::min(segment.find(kSlash, begin), segment.size());
        if (dotsOf(segment.substr(begin, end - begin)) != Dots::None)
            return true;
        begin = end + kSlash.size();
    }
    return false;
}

Result<std::string> withoutDots(std::string_view path)
{
    std::vector<std::string_view> kept;
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        const bool isLast = end == path.size();
        begin = end + 1;
        if (hidesDots(segment))
            return refuse("dots stand beside an escaped slash.");
        switch (dotsOf(segment)) {
        case Dots::Unclear:
            return refuse("dots with a parameter mean one thing here and another there.");
        case Dots::Up:
            if (!kept.empty()) {
                if (kept.back().empty())
                    return refuse(
                        "dots climb over an empty segment, which some servers drop first.");
                kept.pop_back();
            }
            [[fallthrough]];
        case Dots::Here:
            if (isLast)
                kept.emplace_back();
            break;
        case Dots::None:
            kept.push_back(segment);
        }
    }
    std::string clean;
    clean.reserve(path.size());
    for (const std::string_view segment : kept) {
        clean += '/';
        clean += segment;
    }
    return clean;
}

/// Whether a reader of UTF-8 that is too lenient takes two bytes for the begin of a character that
/// has a shorter form (RFC 3629, 3): "%C0%AF" was a slash to servers that had looked for dots before. The
/// most lenient do not even look whether the second byte is one that may follow.
bool isOverlong(int lead, int next)
{
    switch (lead) {
    case 0xc0:
    case 0xc1:
        return (next >= 0x80 && next < 0xc0) || next == '.' || next == '/' || next == '\\';
    case 0xe0:
        return next >= 0x80 && next < 0xa0;
    case 0xf0:
        return next >= 0x80 && next < 0x90;
    case 0xf8:
        return next >= 0x80 && next < 0x88;
    case 0xfc:
        return next >= 0x80 && next < 0x84;
    default:
        return false;
    }
}

Result<std::string> normalisedPath(std::string_view path, Stars stars)
{
    if (!path.starts_with('/'))
        return refuse("it does not begin with '/'.");
    Result<std::string> normal = normalisedEscapes(path, stars);
    if (normal && hasOverlong(*normal))
        return refuse(kOverlong);
    // Nearly every path has neither, and is done.
    if (!normal || !(normal->contains("/.") || normal->contains("%2F")))
        return normal;
    return withoutDots(*normal);
}

/// A backslash only before what it makes plain.
Result<void> checkQueryPattern(std::string_view pattern)
{
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (!isPlain(pattern[at]))
            return refuse("it holds a space, a '#', a control character or one beyond ASCII.");
        if (pattern[at] != '\\')
            continue;
        ++at;
        if (at == pattern.size() || (pattern[at] != '*' && pattern[at] != '\\'))
            return refuse("a plain backslash of a query is written as two.");
    }
    if (hasOverlong(pattern))
        return refuse(kOverlong);
    return {};
}

} // namespace

bool hasOverlong(std::string_view text)
{
    int lead = 0;
    for (std::size_t at = text.find('%'); at < text.size(); ++at) {
        int byte = text[at] == '%' ? escapedByte(text, at) : -1;
        if (byte < 0)
            byte = static_cast<unsigned char>(text[at]);
        else
            at += 2;
        if (isOverlong(std::exchange(lead, byte), byte))
            return true;
    }
    return false;
}

Result<std::string> normalisedTarget(std::string_view target)
{
    const std::size_t question = std::min(target.find('?'), target.size());
    const std::string_view query = target.substr(question);
    for (const char c : query) {
        if (!isPlain(c))
            return refuse(
                "its query holds a space, a '#', a control character or one beyond ASCII.");
    }
    Result<std::string> path = normalisedPath(target.substr(0, question), Stars::Plain);
    if (path)
        path->append(query);
    return path;
}

Result<std::string> normalisedPattern(std::string_view pattern)
{
    const std::size_t question = std::min(pattern.find('?'), pattern.size());
    Result<std::string> path = normalisedPath(pattern.substr(0, question), Stars::MayBeEscaped);
    if (!path || question == pattern.size())
        return path;
    const std::string_view query = pattern.substr(question + 1);
    if (const Result<void> sound = checkQueryPattern(query); !sound)
        return std::unexpected(sound.error());
    *path += '?';
    *path += comparableQuery(query);
    return path;
}

std::string comparableQuery(std::string_view query)
{
    std::string same;
    same.reserve(query.size());
    std::size_t unbroken = 0; ///< up to here nothing may be undone: it would mend a broken escape
    for (std::size_t at = 0; at < query.size(); ++at) {
        const int byte = query[at] == '%' ? escapedByte(query, at) : -1;
        if (byte < 0) {
            same += query[at];
            if (query[at] == '%')
                unbroken = same.size() + 2;
            continue;
        }
        if (isUnreserved(byte) && same.size() >= unbroken)
            same += static_cast<char>(byte);
        else
            appendEscape(same, byte);
        at += 2;
    }
    return same;
}

std::string_view pathOf(std::string_view target)
{
    return target.substr(0, target.find('?'));
}

std::string_view queryOf(std::string_view target)
{
    const std::size_t question = target.find('?');
    return question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

} // namespace caisson::policy
