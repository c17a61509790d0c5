// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caisson::api {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the first header of that name, compared without case (RFC 9110, 5.1).
std::optional<std::string_view> findHeader(const Headers& headers, std::string_view name);

struct RequestHead
{
    std::string method;
    std::string target; ///< as sent: path and query
    Headers headers;
    bool upgrade = false; ///< asks for a WebSocket
    std::optional<std::string_view> header(std::string_view name) const
    {
        return findHeader(headers, name);
    }
};

struct ResponseHead
{
    int status = 0;
    Headers headers;
    std::optional<std::string_view> header(std::string_view name) const
    {
        return findHeader(headers, name);
    }
};

struct Response
{
    int status = 200;
    std::string contentType = "application/json";
    std::string body;
    Headers headers = {};
};

/// Limits on what a stranger may send.
inline constexpr std::size_t kMaxRequestHead = 32 * 1024;
inline constexpr std::size_t kMaxJsonBody = 1024 * 1024;
inline constexpr std::size_t kMaxWebSocketMessage = 1024 * 1024;

/// `%41` → `A`; BadRequest for a broken escape or a NUL.
Result<std::string> percentDecode(std::string_view text);

/// All but unreserved characters (RFC 3986, 2.3) escaped; '/' too unless `keepSlashes`.
enum class Slashes { Escape, Keep };
std::string percentEncode(std::string_view bytes, Slashes slashes = Slashes::Escape);

/// One Server-Sent Event (HTML standard, 9.2). `data` may have several lines.
struct SseEvent
{
    std::string id;
    std::string event;
    std::string data;
};
std::string encodeSse(const SseEvent& event);

/// Cuts a byte stream into events; comments are passed over. TooLarge over 4 MiB an event.
class SseParser
{
public:
    Result<std::vector<SseEvent>> feed(std::string_view bytes);

private:
    std::string m_line;
    SseEvent m_event;
    bool m_any = false;
};

} // namespace caisson::api
