// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/http.h"

#include <algorithm>

namespace caisson::api {

namespace {

constexpr std::size_t kMaxSseEvent = 4 * 1024 * 1024;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f')
        return lower(c) - 'a' + 10;
    return -1;
}

bool isUnreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

} // namespace

std::optional<std::string_view> findHeader(const Headers& headers, std::string_view name)
{
    for (const auto& [key, value] : headers) {
        if (std::ranges::equal(key, name, {}, lower, lower))
            return value;
    }
    return std::nullopt;
}

Result<std::string> percentDecode(std::string_view text)
{
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hexValue(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(ErrorCode::BadRequest, "the URL has a broken % escape");
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return fail(ErrorCode::BadRequest, "the URL holds a NUL byte");
        bytes += c;
    }
    return bytes;
}

std::string percentEncode(std::string_view bytes, Slashes slashes)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    for (const char c : bytes) {
        if (isUnreserved(c) || (c == '/' && slashes == Slashes::Keep)) {
            text += c;
        } else {
            text += '%';
            text += digits[static_cast<unsigned char>(c) >> 4];
            text += digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return text;
}

std::string encodeSse(const SseEvent& event)
{
    std::string text;
    if (!event.id.empty())
        text += "id: " + event.id + "\n";
    if (!event.event.empty())
        text += "event: " + event.event + "\n";
    std::size_t begin = 0;
    while (begin <= event.data.size()) {
        const std::size_t end = std::min(event.data.find('\n', begin), event.data.size());
        text += "data: ";
        text += std::string_view(event.data).substr(begin, end - begin);
        text += '\n';
        begin = end + 1;
    }
    text += '\n';
    return text;
}

Result<std::vector<SseEvent>> SseParser::feed(std::string_view bytes)
{
    std::vector<SseEvent> events;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        m_line += bytes.substr(0, end);
        if (m_line.size() + m_event.data.size() > kMaxSseEvent)
            return fail(ErrorCode::TooLarge, "an event of the stream is larger than 4 MiB");
        if (end == bytes.npos)
            break;
        bytes.remove_prefix(end + 1);
        if (m_line.ends_with('\r'))
            m_line.pop_back();
        if (m_line.empty()) {
            if (m_any) {
                if (m_event.data.ends_with('\n'))
                    m_event.data.pop_back();
                events.push_back(std::move(m_event));
            }
            m_event = {};
            m_any = false;
            continue;
        }
        const std::size_t colon = m_line.find(':');
        const std::string field = m_line.substr(0, colon);
        std::string value = colon == m_line.npos ? "" : m_line.substr(colon + 1);
        if (value.starts_with(' '))
            value.erase(0, 1);
        m_line.clear();
        if (field == "data") {
            m_event.data += value + "\n";
            m_any = true;
        } else if (field == "event") {
            m_event.event = std::move(value);
        } else if (field == "id") {
            m_event.id = std::move(value);
        }
    }
    return events;
}

} // namespace caisson::api
