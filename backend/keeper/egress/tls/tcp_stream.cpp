// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/tcp_core.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace caisson::keeper {

using api::Task;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

} // namespace

bool hasPeerLeft(TcpSocket& socket, const HasClosed& hasClosed)
{
    if (!socket.is_open())
        return true;
    pollfd state{socket.native_handle(), POLLIN | POLLRDHUP, 0};
    if (::poll(&state, 1, 0) != 1)
        return false;
    if ((state.revents & (POLLHUP | POLLERR)) != 0)
        return true; // reset
    // Its end does not come through behind bytes that fill the socket, and are not read meanwhile.
    return hasClosed ? hasClosed() : (state.revents & POLLRDHUP) != 0;
}

// ---- TcpCore -----------------------------------------------------------------------------------

TcpCore::TcpCore(TcpSocket socket)
    : m_socket(std::move(socket))
{
    // What is written is a whole message or as much as there is: waiting for more is a delay only.
    boost::system::error_code ignored; // a socket that is broken fails at the first call
    m_socket.set_option(api::asio::ip::tcp::no_delay(true), ignored);
}

void TcpCore::cancel(Stream::Ending ending)
{
    if (!m_socket.is_open())
        return;
    m_cancelled = true;
    m_hasMore = false;
    boost::system::error_code ignored; // it is given up either way
    if (ending == Stream::Ending::Reset)
        m_socket.set_option(api::asio::socket_base::linger(true, 0), ignored);
    m_socket.close(ignored);
}

void TcpCore::shutdownWriting()
{
    boost::system::error_code ignored; // the other end has gone already
    m_socket.shutdown(TcpSocket::shutdown_send, ignored);
}

ssize_t TcpCore::receiveNow(char* room, std::size_t size)
{
    ssize_t got = 0;
    do
        got = ::recv(m_socket.native_handle(), room, size, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    m_hasMore = got == static_cast<ssize_t>(size);
    return got;
}

ssize_t TcpCore::sendNow(const char* bytes, std::size_t size)
{
    ssize_t sent = 0;
    do
        sent = ::send(m_socket.native_handle(), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

bool TcpCore::isSocketQuiet()
{
    char byte = 0;
    return m_socket.is_open() &&
           ::recv(m_socket.native_handle(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 &&
           errno == EAGAIN;
}

Task<Result<std::size_t>> TcpCore::receive(std::span<char> room)
{
    // Asio tries the call itself before it waits, and needs no epoll_ctl(2) for each wait as
    // waiting for readiness alone does.
    const auto [code, size] =
        co_await m_socket.async_read_some(api::asio::buffer(room.data(), room.size()), kTuple);
    if (code == api::asio::error::eof)
        co_return std::size_t{0};
    if (code)
        co_return std::unexpected(errorOf(code.value(), "reading from the connection"));
    m_hasMore = size == room.size();
    co_return size;
}

Task<Result<std::size_t>> TcpCore::send(std::span<const char> bytes)
{
    const auto [code, size] =
        co_await m_socket.async_write_some(api::asio::buffer(bytes.data(), bytes.size()), kTuple);
    if (code)
        co_return std::unexpected(errorOf(code.value(), "writing to the connection"));
    co_return size;
}

Error TcpCore::errorOf(int number, std::string_view what) const
{
    if (m_cancelled || number == ECANCELED || number == EBADF)
        return Error{ErrorCode::Cancelled, std::string(what) + ": cancelled", {}};
    return errnoError(number, what);
}

// ---- TcpStream ---------------------------------------------------------------------------------

namespace {

Task<Result<std::size_t>> readTcp(std::shared_ptr<TcpCore> core, std::span<char> room)
{
    if (room.empty())
        co_return fail(ErrorCode::Internal, "reading into no room");
    if (core->hasMore()) {
        const ssize_t got = core->receiveNow(room.data(), room.size());
        if (got >= 0)
            co_return static_cast<std::size_t>(got);
        if (errno != EAGAIN)
            co_return std::unexpected(core->errorOf(errno, "reading from the connection"));
    }
    co_return co_await core->receive(room);
}

Task<Result<void>> writeTcp(std::shared_ptr<TcpCore> core, std::span<const char> bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = core->sendNow(bytes.data(), bytes.size());
        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN)
            co_return std::unexpected(core->errorOf(errno, "writing to the connection"));
        const Result<std::size_t> went = co_await core->send(bytes);
        if (!went)
            co_return std::unexpected(went.error());
        bytes = bytes.subspan(*went);
    }
    co_return Result<void>{};
}

Task<void> finishTcp(std::shared_ptr<TcpCore> core)
{
    core->shutdownWriting();
    co_return;
}

class TcpStream : public Stream
{
public:
    TcpStream(TcpSocket socket, HasClosed hasClosed)
        : m_core(std::make_shared<TcpCore>(std::move(socket)))
    {
        m_core->setHasClosed(std::move(hasClosed));
    }
    ~TcpStream() override { m_core->cancel(Ending::Close); }

    Task<Result<std::size_t>> read(std::span<char> room) override { return readTcp(m_core, room); }
    Task<Result<void>> write(std::span<const char> bytes) override
    {
        return writeTcp(m_core, bytes);
    }
    Task<void> finish() override { return finishTcp(m_core); }
    void cancel(Ending ending) override { m_core->cancel(ending); }
    bool isOpen() const override { return m_core->isOpen(); }
    bool isQuiet() override { return m_core->isSocketQuiet(); }
    bool hasPeerLeft() override { return m_core->hasPeerLeft(); }
    std::optional<Released> release() override { return Released{m_core->release(), {}}; }

private:
    std::shared_ptr<TcpCore> m_core;
};

} // namespace

std::unique_ptr<Stream> makeTcpStream(TcpSocket socket, HasClosed hasClosed)
{
    return std::make_unique<TcpStream>(std::move(socket), std::move(hasClosed));
}

} // namespace caisson::keeper
