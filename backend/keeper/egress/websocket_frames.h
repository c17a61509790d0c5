// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace caisson::keeper {

/// The frames in a stream of bytes (RFC 6455, 5.2), as they pass. No extension may be in use: a
/// packed frame could not be looked into.
class WebSocketFrames
{
public:
    /// A client masks its payloads, a server must not (5.1).
    enum class From { Client, Server };
    explicit WebSocketFrames(From from)
        : m_from(from)
    {
    }

    struct Piece
    {
        enum class Of {
            Head,
            LastOfHead, ///< what opcode() and size() say is of this frame from here on
            Payload,
            LastOfPayload
        };
        Of of = Of::Head;
        std::span<const char> bytes; ///< as they came: masked
    };
    /// Cuts the next piece off the front of `bytes`, which are not empty. None: it is no frame that
    /// the other side may take, and where the next one begins nobody can tell.
    std::optional<Piece> next(std::span<const char>& bytes);

    /// Of the frame whose head came last: a control frame comes between those of a message.
    bool isControl() const;
    /// Its message goes on from an earlier frame.
    bool isContinued() const;
    /// Of the payload as a whole, in bytes.
    std::uint64_t size() const { return m_size; }
    /// Turns the next byte of a client's payload into what it means.
    char unmasked(char byte)
    {
        return static_cast<char>(byte ^ static_cast<char>(m_mask[m_at++ % m_mask.size()]));
    }

private:
    enum class Head { NotYet, Whole, None };
    Head take(char byte);

    From m_from;
    std::array<std::uint8_t, 14> m_head{};
    std::array<std::uint8_t, 4> m_mask{};
    std::size_t m_headSize = 0;
    std::uint64_t m_size = 0;
    std::uint64_t m_left = 0; ///< of the payload
    std::size_t m_at = 0;     ///< in the mask
};

} // namespace caisson::keeper
