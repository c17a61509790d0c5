// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/sniff.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kVersion = "http/";
constexpr std::string_view kGet = "get";

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
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
    return FirstLine().feed(bytes);
}

Speech FirstLine::feed(std::string_view bytes)
{
    for (const char c : bytes) {
        if (m_speech != Speech::Unsure)
            break;
        feed(c);
    }
    return m_speech;
}

void FirstLine::feed(char c)
{
    const bool isEnd = c == '\n';
    // Servers skip empty lines before a request (RFC 9112, 2.2), some also spaces.
    if (m_part == Part::Before && (isSpace(c) || c == '\r' || isEnd))
        return;
    // No text at all: git's own protocol, databases and the like.
    if (static_cast<unsigned char>(c) < 0x20 && !isSpace(c) && c != '\r' && !isEnd) {
        m_speech = Speech::Other;
        return;
    }
    if (isEnd) {
        // HTTP/0.9 is a GET without a version, and still spoken. Otherwise a word without one is of
        // SMTP, IMAP, Redis and the like.
        m_speech = m_method == kGet && m_isPath ? Speech::Http1 : Speech::Other;
        return;
    }
    if (m_part == Part::Before)
        m_part = Part::Method;
    // Of whatever bytes and however long it is: there are servers that look only at what follows.
    if (m_part == Part::Method && !isSpace(c)) {
        if (m_method.size() <= kGet.size())
            m_method += lowered(c);
        return;
    }
    if (m_part != Part::Rest) {
        m_part = isSpace(c) ? Part::Spaces : Part::Rest;
        m_isPath = c == '/';
    }
    // No beginning of it comes again within it.
    if (lowered(c) == kVersion[m_version])
        ++m_version;
    else
        m_version = lowered(c) == kVersion.front() ? 1 : 0;
    if (m_version == kVersion.size())
        m_speech = Speech::Http1;
}

Speech speechSoFar(std::string_view bytes)
{
    const Speech speech = speechOf(bytes);
    if (speech != Speech::Unsure || bytes.empty())
        return speech;
    return tlsOf(bytes) == Speech::Unsure ? Speech::Tls : Speech::Http1;
}

bool isOpenText(std::string_view bytes)
{
    return speechSoFar(bytes) == Speech::Http1 && FirstLine().feed(bytes) == Speech::Unsure;
}

} // namespace caisson::keeper
