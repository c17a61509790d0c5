// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/secrets.h"

#include <array>
#include <cstdint>

namespace caisson::keeper {

/// Looks for placeholders in what a WebSocket's client sends (RFC 6455, 5), as it passes. No
/// extension may be in use: a packed frame could not be looked into.
class WebSocketScan
{
public:
    enum class Outcome {
        Clean,
        Placeholder,
        Malformed ///< no frame that a server may take; where the next one begins nobody can tell
    };
    /// What is not Clean stays so.
    Outcome feed(std::span<const char> bytes);
    Outcome outcome() const { return m_outcome; }
    /// Of the placeholder.
    const std::string& name() const { return m_name; }

private:
    bool takeHead(char byte);
    void look(std::span<const char> payload);

    std::array<std::uint8_t, 14> m_head{};
    std::size_t m_headSize = 0;
    std::uint64_t m_left = 0; ///< of the payload
    std::size_t m_at = 0;     ///< in the mask
    std::string m_plain;
    PlaceholderScan m_message;
    PlaceholderScan m_control; ///< comes between the frames of a message
    std::string m_name;
    Outcome m_outcome = Outcome::Clean;
};

} // namespace caisson::keeper
