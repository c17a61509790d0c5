// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"
#include "backend/keeper/egress/tls/tls_stream.h"

#include <boost/asio/ip/tcp.hpp>

namespace caisson::keeper {

/// What TCP and TLS streams have in common: a socket on which a call is tried at once, and waited
/// for only when the kernel has nothing. Shared by the stream and the coroutines at work on it, so
/// that a stream may be let go of while they wait.
class TcpCore
{
public:
    explicit TcpCore(TcpSocket socket);
    virtual ~TcpCore() = default;
    TcpCore(const TcpCore&) = delete;
    TcpCore& operator=(const TcpCore&) = delete;

    void cancel(Stream::Ending ending);
    bool isOpen() const { return m_socket.is_open(); }
    api::asio::any_io_executor executor() { return m_socket.get_executor(); }
    /// Tells the other end that nothing more comes.
    void shutdownWriting();

    /// recv(2) and send(2), never waiting. -1 with errno; EAGAIN when nothing goes now.
    ssize_t receiveNow(char* room, std::size_t size);
    ssize_t sendNow(const char* bytes, std::size_t size);

    /// Whether neither bytes nor an end wait in the socket.
    bool isSocketQuiet();
    bool hasPeerLeft() { return keeper::hasPeerLeft(m_socket, m_hasClosed); }
    void setHasClosed(HasClosed hasClosed) { m_hasClosed = std::move(hasClosed); }
    /// Gives the socket away.
    TcpSocket release() { return std::move(m_socket); }

    /// Waits for bytes; 0: the other end has finished.
    api::Task<Result<std::size_t>> receive(std::span<char> room);
    /// Waits until some bytes went.
    api::Task<Result<std::size_t>> send(std::span<const char> bytes);

    /// Whether a receiveNow() is likely to give something: the last call filled all its room.
    bool hasMore() const { return m_hasMore; }

    /// The error of a failed call; Cancelled after cancel(), whatever the call said.
    Error errorOf(int number, std::string_view what) const;

private:
    TcpSocket m_socket;
    HasClosed m_hasClosed;
    bool m_hasMore = false;
    bool m_cancelled = false;
};

} // namespace caisson::keeper
