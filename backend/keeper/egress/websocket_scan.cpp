// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/websocket_scan.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kControl = 0x08;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::size_t kMask = 4;

/// Of the length in a frame's second byte, and those that follow it.
std::size_t lengthBytes(std::uint8_t second)
{
    const int length = second & 0x7f;
    return length == 127 ? 8 : length == 126 ? 2 : 0;
}

} // namespace

WebSocketScan::Outcome WebSocketScan::feed(std::span<const char> bytes)
{
    while (m_outcome == Outcome::Clean && !bytes.empty()) {
        if (m_left == 0) {
            if (!takeHead(bytes.front()))
                m_outcome = Outcome::Malformed;
            bytes = bytes.subspan(1);
            continue;
        }
        const std::size_t size = std::min<std::uint64_t>(m_left, bytes.size());
        look(bytes.first(size));
        m_left -= size;
        bytes = bytes.subspan(size);
    }
    return m_outcome;
}

/// False: no server may take it.
bool WebSocketScan::takeHead(char byte)
{
    m_head[m_headSize++] = static_cast<std::uint8_t>(byte);
    if (m_headSize == 1) {
        const std::uint8_t opcode = m_head[0] & kOpcode;
        return (m_head[0] & kReserved) == 0 && opcode <= 10 && (opcode <= 2 || opcode >= kControl);
    }
    if (m_headSize == 2 && (m_head[1] & kMasked) == 0)
        return false; // RFC 6455, 5.1: a client masks
    const std::size_t longer = lengthBytes(m_head[1]);
    if (m_headSize < 2 + longer + kMask)
        return true;
    m_left = longer == 0 ? m_head[1] & 0x7f : 0;
    for (std::size_t at = 2; at < 2 + longer; ++at)
        m_left = m_left << 8 | m_head[at];
    std::copy_n(m_head.begin() + static_cast<std::ptrdiff_t>(2 + longer), kMask,
                m_head.begin() + 2);
    m_headSize = 0;
    m_at = 0;
    const std::uint8_t opcode = m_head[0] & kOpcode;
    if (opcode >= kControl)
        m_control = {};
    else if (opcode != 0)
        m_message = {};
    return m_left >> 63 == 0;
}

void WebSocketScan::look(std::span<const char> payload)
{
    m_plain.resize(payload.size());
    for (std::size_t at = 0; at < payload.size(); ++at)
        m_plain[at] =
            static_cast<char>(payload[at] ^ static_cast<char>(m_head[2 + m_at++ % kMask]));
    PlaceholderScan& scan = (m_head[0] & kControl) != 0 ? m_control : m_message;
    if (auto found = scan.feed(m_plain)) {
        m_outcome = Outcome::Placeholder;
        m_name = std::move(*found);
    }
}

} // namespace caisson::keeper
