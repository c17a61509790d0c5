// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/sniff.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest registered method is UPDATEREDIRECTREF, but there are servers that look only at the
/// path.
constexpr std::size_t kMaxMethod = 64;
/// Of a first line. Servers refuse longer ones, and what it may be is clear by then.
constexpr std::size_t kLongLine = 16 * 1024;

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool startsWithoutCase(std::string_view text, std::string_view lowerCase)
{
    return text.size() >= lowerCase.size() &&
           std::ranges::equal(text.substr(0, lowerCase.size()), lowerCase, {}, lowered);
}

Speech httpOf(std::string_view bytes)
{
    // Servers skip empty lines before a request (RFC 9112, 2.2), some also spaces.
    while (!bytes.empty() && (isSpace(bytes[0]) || bytes[0] == '\r' || bytes[0] == '\n'))
        bytes.remove_prefix(1);
    const std::size_t lineEnd = bytes.find('\n');
    const std::string_view line = bytes.substr(0, lineEnd);
    const bool isWhole = lineEnd != std::string_view::npos;
    // No text at all: git's own protocol, databases and the like.
    if (std::ranges::any_of(line, [](char c) {
            return static_cast<unsigned char>(c) < 0x20 && !isSpace(c) && c != '\r';
        }))
        return Speech::Other;
    const auto methodEnd = static_cast<std::size_t>(std::ranges::find_if(line, isSpace) -
                                                    line.begin());
    const std::string_view method = line.substr(0, methodEnd);
    // What is a token is the parser's business; this is about what could be meant for a method.
    const bool isMethod = method.size() <= kMaxMethod && std::ranges::all_of(method, [](char c) {
                              return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                     (c >= 'a' && c <= 'z') ||
                                     std::string_view("!#$%&'*+-.^_`|~\r").contains(c);
                          });
    if (!isMethod)
        return Speech::Other;
    std::string_view rest = line.substr(methodEnd);
    const auto version = std::ranges::search(rest, std::string_view("http/"), {}, lowered);
    if (!version.empty())
        return Speech::Http1;
    if (!isWhole)
        return line.size() > kLongLine ? Speech::Http1 : Speech::Unsure;
    // HTTP/0.9 is a GET without a version, and still spoken. Otherwise a word without one is of
    // SMTP, IMAP, Redis and the like.
    while (!rest.empty() && isSpace(rest[0]))
        rest.remove_prefix(1);
    const bool isOld = startsWithoutCase(method, "get") && method.size() == 3 && rest.starts_with('/');
    return isOld ? Speech::Http1 : Speech::Other;
}

/// A record of TLS (RFC 8446, 5.1; any of them, since servers put up with an alert before the
/// handshake), or a hello in the form of SSL 2, by which OpenSSL still lets TLS begin
/// (RFC 5246, E.2).
Speech tlsOf(std::string_view bytes)
{
    const auto at = [&](std::size_t place) { return static_cast<unsigned char>(bytes[place]); };
    if (at(0) >= 0x14 && at(0) <= 0x18) {
        if (bytes.size() < 2)
            return Speech::Unsure;
        return at(1) == 3 ? Speech::Tls : Speech::Other;
    }
    if (at(0) >= 0x80 && at(0) < 0xc0) {
        if (bytes.size() > 2 && at(2) != 1)
            return Speech::Other;
        if (bytes.size() < 4)
            return Speech::Unsure;
        return at(3) == 3 ? Speech::Tls : Speech::Other;
    }
    return Speech::Other;
}

} // namespace

Speech speechOf(std::string_view bytes)
{
    if (bytes.empty())
        return Speech::Unsure;
    if (const Speech speech = tlsOf(bytes); speech != Speech::Other)
        return speech;
    if (bytes.starts_with(kPreface))
        return Speech::Http2;
    if (kPreface.starts_with(bytes))
        return Speech::Unsure;
    return httpOf(bytes);
}

Speech speechSoFar(std::string_view bytes)
{
    const Speech speech = speechOf(bytes);
    if (speech != Speech::Unsure || bytes.empty())
        return speech;
    return tlsOf(bytes) == Speech::Unsure ? Speech::Tls : Speech::Http1;
}

} // namespace caisson::keeper
