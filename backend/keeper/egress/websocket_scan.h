// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/masking.h"
#include "backend/keeper/egress/secrets.h"
#include "backend/keeper/egress/websocket_frames.h"

namespace caisson::keeper {

/// Looks for placeholders in what a WebSocket's client sends, as it passes.
class WebSocketScan
{
public:
    enum class Outcome { Clean, Placeholder, Malformed };
    /// What is not Clean stays so.
    Outcome feed(std::span<const char> bytes);
    Outcome outcome() const { return m_outcome; }
    /// Of the placeholder.
    const std::string& name() const { return m_name; }

private:
    void look(std::span<const char> payload);

    WebSocketFrames m_frames{WebSocketFrames::From::Client};
    std::string m_plain;
    PlaceholderScan m_message;
    PlaceholderScan m_control; ///< comes between the frames of a message
    std::string m_name;
    Outcome m_outcome = Outcome::Clean;
};

/// Masks secrets in what a WebSocket's server sends, as it passes. What could be the beginning of one
/// is held back to the end of its frame, and no longer: whoever waits for the frame may have to
/// answer before there is another.
class WebSocketMasking
{
public:
    /// Outlives this.
    explicit WebSocketMasking(Masker& masker)
        : m_masker(masker)
    {
    }
    /// What goes on, valid until the next call; none: it is no WebSocket.
    std::optional<std::string_view> feed(std::span<const char> bytes);

private:
    Masker& m_masker;
    WebSocketFrames m_frames{WebSocketFrames::From::Server};
    std::string m_masked;
};

} // namespace caisson::keeper
