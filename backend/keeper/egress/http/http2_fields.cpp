// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http2_fields.h"

#include <charconv>

namespace caisson::keeper::http {

namespace {

/// RFC 9113, 8.2.2; and what is sent by itself.
bool isNotSent(std::string_view name, std::string_view value)
{
    switch (name.empty() ? ':' : name.front()) {
    case ':':
        return true;
    case 'c':
        return name == "connection" || name == "content-length";
    case 'h':
        return name == "host" || name == "http2-settings";
    case 'k':
        return name == "keep-alive";
    case 'p':
        return name == "proxy-connection";
    case 't':
        return name == "transfer-encoding" || (name == "te" && value != "trailers");
    case 'u':
        return name == "upgrade";
    default:
        return false;
    }
}

} // namespace

void Http2Fields::add(std::string_view name, std::string_view value)
{
    // nghttp2 writes to neither; the type is C's.
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    m_fields.push_back(
        {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

void Http2Fields::addAll(const Fields& fields)
{
    m_fields.reserve(m_fields.size() + fields.size() + 1);
    for (const auto& [name, value] : fields) {
        if (!isNotSent(name, value))
            add(name, value);
    }
}

void Http2Fields::addLength(std::uint64_t length)
{
    m_length = std::to_string(length);
    add("content-length", m_length);
}

std::optional<std::uint64_t> parseLength(std::string_view value)
{
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [at, error] = std::from_chars(value.data(), end, length);
    if (error != std::errc() || at != end)
        return std::nullopt;
    return length;
}

} // namespace caisson::keeper::http
