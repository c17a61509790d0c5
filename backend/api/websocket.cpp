// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/websocket.h"

#include "backend/api/codec.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace caisson::api {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kCloseWait(2);

} // namespace

struct WebSocket::Impl
{
    // Without compression: the peer is on this machine or behind SSH, which can compress.
    websocket::stream<Socket, false> stream;
    beast::flat_buffer buffer;
    bool writing = false;
    Notifier written;

    explicit Impl(Socket socket)
        : stream(std::move(socket))
        , written(stream.get_executor())
    {
        stream.read_message_max(kMaxWebSocketMessage);
        stream.auto_fragment(false);
        websocket::stream_base::timeout limits{};
        limits.handshake_timeout = std::chrono::seconds(10);
        limits.idle_timeout = websocket::stream_base::none();
        limits.keep_alive_pings = false;
        stream.set_option(limits);
    }
};

/// Held while a message is written: Beast takes one at a time.
class WebSocket::Turn
{
public:
    explicit Turn(Impl& impl)
        : m_impl(impl)
    {
        m_impl.writing = true;
    }
    ~Turn()
    {
        m_impl.writing = false;
        m_impl.written.notifyAll();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    Impl& m_impl;
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}

WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;
WebSocket::~WebSocket() = default;

Task<Result<WebSocket>> WebSocket::accept(Socket socket, std::string bytes)
{
    auto impl = std::make_unique<Impl>(std::move(socket));
    const auto [code] = co_await impl->stream.async_accept(asio::buffer(bytes), kTuple);
    if (code)
        co_return failAsio(code, "the WebSocket handshake failed");
    co_return WebSocket(std::move(impl));
}

Task<Result<WebSocket>> WebSocket::connect(Socket socket, std::string target)
{
    auto impl = std::make_unique<Impl>(std::move(socket));
    websocket::response_type answer;
    const auto [code] = co_await impl->stream.async_handshake(answer, "caisson", target, kTuple);
    if (code == websocket::error::upgrade_declined)
        co_return std::unexpected(errorFromJson(answer.body()));
    if (code == beast::error::timeout)
        co_return fail(ErrorCode::Unavailable,
                       "the sandbox does not answer; stop it and start it again");
    if (code)
        co_return failAsio(code, "the WebSocket handshake failed");
    co_return WebSocket(std::move(impl));
}

Task<Result<WsMessage>> WebSocket::read()
{
    const auto [code, size] = co_await m_impl->stream.async_read(m_impl->buffer, kTuple);
    if (code)
        co_return failAsio(code, "the stream has ended");
    WsMessage message;
    message.kind = m_impl->stream.got_text() ? WsMessage::Kind::Text : WsMessage::Kind::Binary;
    message.data.assign(static_cast<const char*>(m_impl->buffer.data().data()), size);
    m_impl->buffer.consume(m_impl->buffer.size());
    co_return message;
}

Task<Result<void>> WebSocket::sendText(std::string_view text)
{
    while (m_impl->writing)
        co_await m_impl->written.wait();
    const Turn turn(*m_impl);
    m_impl->stream.text(true);
    const auto [code, size] = co_await m_impl->stream.async_write(asio::buffer(text), kTuple);
    if (code)
        co_return failAsio(code, "the stream has ended");
    co_return Result<void>{};
}

Task<Result<void>> WebSocket::sendBinary(std::string_view bytes)
{
    return sendBinary({}, bytes);
}

Task<Result<void>> WebSocket::sendBinary(std::string_view head, std::string_view bytes)
{
    while (m_impl->writing)
        co_await m_impl->written.wait();
    const Turn turn(*m_impl);
    m_impl->stream.binary(true);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(bytes)};
    const auto [code, size] = co_await m_impl->stream.async_write(parts, kTuple);
    if (code)
        co_return failAsio(code, "the stream has ended");
    co_return Result<void>{};
}

Task<void> WebSocket::close()
{
    co_await (m_impl->stream.async_close(websocket::close_code::normal, kTuple) ||
              sleepFor(kCloseWait));
}

void WebSocket::abort()
{
    boost::system::error_code ignored; // the connection may be gone already, which is the aim
    m_impl->stream.next_layer().shutdown(Socket::shutdown_both, ignored);
}

} // namespace caisson::api
