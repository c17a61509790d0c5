// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/sniff.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest registered method is UPDATEREDIRECTREF.
constexpr std::size_t kMaxMethod = 20;

Speech httpOf(std::string_view bytes)
{
    // A request line whose method could be taken for one must not pass as something else, so
    // tokens in lower case count, too; the parser then refuses what is none.
    const auto isMethodByte = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
    };
    const auto end = std::ranges::find_if_not(bytes, isMethodByte);
    const auto size = static_cast<std::size_t>(end - bytes.begin());
    if (size == 0 || size > kMaxMethod)
        return Speech::Other;
    if (end == bytes.end())
        return Speech::Unsure;
    if (*end != ' ')
        return Speech::Other;
    const std::string_view rest = bytes.substr(size + 1);
    const std::size_t line = rest.find('\n');
    const std::string_view first = rest.substr(0, line);
    if (first.contains(" HTTP/"))
        return Speech::Http1;
    // A whole line without a version: SMTP, IMAP, Redis and the like also begin with a word.
    if (line != std::string_view::npos)
        return Speech::Other;
    constexpr std::size_t kLongLine = 16 * 1024;
    return rest.size() > kLongLine ? Speech::Http1 : Speech::Unsure;
}

} // namespace

Speech speechOf(std::string_view bytes)
{
    if (bytes.empty())
        return Speech::Unsure;
    // A handshake record of any TLS version (RFC 8446, 5.1).
    if (bytes[0] == 0x16)
        return bytes.size() < 2 ? Speech::Unsure : bytes[1] == 3 ? Speech::Tls : Speech::Other;
    if (bytes.starts_with(kPreface))
        return Speech::Http2;
    if (kPreface.starts_with(bytes))
        return Speech::Unsure;
    return httpOf(bytes);
}

} // namespace caisson::keeper
