// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/http.h"

#include <memory>
#include <string>

namespace caisson::api {

struct WsMessage
{
    enum class Kind { Text, Binary };
    Kind kind = Kind::Binary;
    std::string data;
};

/// A WebSocket (RFC 6455) of either side. One reader may be under way at a time; writers take
/// turns.
class WebSocket
{
public:
    WebSocket(WebSocket&&) noexcept;
    WebSocket& operator=(WebSocket&&) noexcept;
    ~WebSocket();

    /// Answers the upgrade in `bytes`, the head as read so far and what came after it.
    static Task<Result<WebSocket>> accept(Socket socket, std::string bytes);
    /// Asks for an upgrade. The server's refusal comes back as its error.
    static Task<Result<WebSocket>> connect(Socket socket, std::string target);

    /// The next whole message, pings answered on the way. Unavailable once the peer has closed.
    Task<Result<WsMessage>> read();
    Task<Result<void>> sendText(std::string_view text);
    Task<Result<void>> sendBinary(std::string_view bytes);
    /// Two parts as one binary message, without joining them in memory first.
    Task<Result<void>> sendBinary(std::string_view head, std::string_view bytes);
    /// The closing handshake; waits for the peer's at most 2 s.
    Task<void> close();
    /// Ends reads and writes under way; the peer sees the connection break.
    void abort();

private:
    struct Impl;
    class Turn;
    explicit WebSocket(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::api
