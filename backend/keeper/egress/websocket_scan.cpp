// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/websocket_scan.h"

namespace caisson::keeper {

using Of = WebSocketFrames::Piece::Of;

WebSocketScan::Outcome WebSocketScan::feed(std::span<const char> bytes)
{
    while (m_outcome == Outcome::Clean && !bytes.empty()) {
        const auto piece = m_frames.next(bytes);
        if (!piece) {
            m_outcome = Outcome::Malformed;
        } else if (piece->of == Of::LastOfHead) {
            if (m_frames.isControl())
                m_control = {};
            else if (!m_frames.isContinued())
                m_message = {};
        } else if (piece->of != Of::Head) {
            look(piece->bytes);
        }
    }
    return m_outcome;
}

void WebSocketScan::look(std::span<const char> payload)
{
    m_plain.clear();
    for (const char byte : payload)
        m_plain += m_frames.unmasked(byte);
    PlaceholderScan& scan = m_frames.isControl() ? m_control : m_message;
    if (auto found = scan.feed(m_plain)) {
        m_outcome = Outcome::Placeholder;
        m_name = std::move(*found);
    }
}

std::optional<std::string_view> WebSocketMasking::feed(std::span<const char> bytes)
{
    m_masked.clear();
    while (!bytes.empty()) {
        const auto piece = m_frames.next(bytes);
        if (!piece)
            return std::nullopt;
        if (piece->of == Of::Head || piece->of == Of::LastOfHead)
            m_masked.append(piece->bytes.data(), piece->bytes.size());
        else
            m_masked += m_masker.feed(piece->bytes);
        if (piece->of == Of::LastOfPayload)
            m_masked += m_masker.finish();
    }
    return m_masked;
}

} // namespace caisson::keeper
