// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP/2 frames made and read by hand (RFC 9113, 4.1), so that tests can say what no library would.
namespace caisson::keeper::http::frames {

enum Type : std::uint8_t {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
};
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kAck = 1;
constexpr std::uint8_t kEndHeaders = 4;
constexpr std::uint8_t kPadded = 8;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(std::uint32_t value)
{
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         std::string_view payload = {})
{
    std::string bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    bytes += number(stream);
    bytes += payload;
    return bytes;
}

/// HPACK's plainest form: literal, not indexed, not Huffman coded (RFC 7541, 6.2.2).
inline std::string hpack(const std::vector<std::pair<std::string, std::string>>& fields)
{
    const auto text = [](std::string_view value) {
        std::string coded;
        if (value.size() < 127) {
            coded += static_cast<char>(value.size());
        } else {
            coded += '\x7f';
            std::size_t rest = value.size() - 127;
            for (; rest >= 128; rest /= 128)
                coded += static_cast<char>(rest % 128 + 128);
            coded += static_cast<char>(rest);
        }
        coded += value;
        return coded;
    };
    std::string block;
    for (const auto& [name, value] : fields) {
        block += '\0';
        block += text(name);
        block += text(value);
    }
    return block;
}

inline std::string headers(std::uint32_t stream,
                           const std::vector<std::pair<std::string, std::string>>& fields,
                           std::uint8_t flags = kEndHeaders | kEndStream)
{
    return frame(Headers, flags, stream, hpack(fields));
}

struct Frame
{
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::string payload;

    std::uint32_t code() const { return at(type == GoAway ? 4 : 0); }
    std::uint32_t at(std::size_t offset) const
    {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4 && offset + i < payload.size(); ++i)
            value = value << 8 | static_cast<std::uint8_t>(payload[offset + i]);
        return value;
    }
};

/// Takes the first whole frame from `bytes`.
inline std::optional<Frame> takeFrame(std::string& bytes)
{
    if (bytes.size() < 9)
        return std::nullopt;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
    const std::size_t size = std::size_t(byte(0)) << 16 | std::size_t(byte(1)) << 8 | byte(2);
    if (bytes.size() < 9 + size)
        return std::nullopt;
    Frame one;
    one.type = byte(3);
    one.flags = byte(4);
    one.stream = (std::uint32_t(byte(5)) << 24 | std::uint32_t(byte(6)) << 16 |
                  std::uint32_t(byte(7)) << 8 | byte(8)) &
                 0x7fffffffU;
    one.payload = bytes.substr(9, size);
    bytes.erase(0, 9 + size);
    return one;
}

} // namespace caisson::keeper::http::frames
