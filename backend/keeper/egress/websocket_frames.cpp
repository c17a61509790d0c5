// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/websocket_frames.h"

#include <algorithm>

namespace caisson::keeper {

namespace {

constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kControl = 0x08;
constexpr std::uint8_t kMasked = 0x80;

/// Of the length in a frame's second byte, and those that follow it.
std::size_t lengthBytes(std::uint8_t second)
{
    const int length = second & 0x7f;
    return length == 127 ? 8 : length == 126 ? 2 : 0;
}

} // namespace

std::optional<WebSocketFrames::Piece> WebSocketFrames::next(std::span<const char>& bytes)
{
    using Of = Piece::Of;
    if (m_left == 0) {
        const Head head = take(bytes.front());
        if (head == Head::None)
            return std::nullopt;
        const Piece piece{head == Head::Whole ? Of::LastOfHead : Of::Head, bytes.first(1)};
        bytes = bytes.subspan(1);
        return piece;
    }
    const std::size_t size = std::min<std::uint64_t>(m_left, bytes.size());
    m_left -= size;
    const Piece piece{m_left == 0 ? Of::LastOfPayload : Of::Payload, bytes.first(size)};
    bytes = bytes.subspan(size);
    return piece;
}

WebSocketFrames::Head WebSocketFrames::take(char byte)
{
    m_head[m_headSize++] = static_cast<std::uint8_t>(byte);
    if (m_headSize == 1) {
        const std::uint8_t opcode = m_head[0] & kOpcode;
        const bool isKnown = opcode <= 2 || (opcode >= kControl && opcode <= 10);
        return (m_head[0] & kReserved) == 0 && isKnown ? Head::NotYet : Head::None;
    }
    const bool isMasked = (m_head[1] & kMasked) != 0;
    if (isMasked != (m_from == From::Client))
        return Head::None;
    const std::size_t longer = lengthBytes(m_head[1]);
    const std::size_t mask = isMasked ? m_mask.size() : 0;
    if (m_headSize < 2 + longer + mask)
        return Head::NotYet;
    m_size = longer == 0 ? m_head[1] & 0x7f : 0;
    for (std::size_t at = 2; at < 2 + longer; ++at)
        m_size = m_size << 8 | m_head[at];
    std::copy_n(m_head.begin() + static_cast<std::ptrdiff_t>(2 + longer), mask, m_mask.begin());
    m_headSize = 0;
    m_at = 0;
    m_left = m_size;
    return m_size >> 63 == 0 ? Head::Whole : Head::None;
}

bool WebSocketFrames::isControl() const
{
    return (m_head[0] & kControl) != 0;
}

bool WebSocketFrames::isContinued() const
{
    return (m_head[0] & kOpcode) == 0;
}

} // namespace caisson::keeper
