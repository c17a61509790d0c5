// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace caisson::keeper {

/// A TCP socket on loopback as a Stream, for tests of what is above it.
class LoopbackStream : public Stream
{
public:
    explicit LoopbackStream(api::asio::ip::tcp::socket socket)
        : m_socket(std::move(socket))
    {
        m_socket.set_option(api::asio::ip::tcp::no_delay(true));
    }

    api::Task<Result<std::size_t>> read(std::span<char> room) override
    {
        const auto [code, size] =
            co_await m_socket.async_read_some(api::asio::buffer(room.data(), room.size()), kTuple);
        if (code == api::asio::error::eof)
            co_return std::size_t{0};
        if (code)
            co_return api::failAsio(code, "reading");
        co_return size;
    }
    api::Task<Result<void>> write(std::span<const char> bytes) override
    {
        const auto [code, size] = co_await api::asio::async_write(
            m_socket, api::asio::buffer(bytes.data(), bytes.size()), kTuple);
        if (code)
            co_return api::failAsio(code, "writing");
        co_return Result<void>{};
    }
    api::Task<void> finish() override
    {
        boost::system::error_code ignored;
        m_socket.shutdown(api::asio::ip::tcp::socket::shutdown_send, ignored);
        co_return;
    }
    void cancel(Ending ending) override
    {
        boost::system::error_code ignored;
        if (ending == Ending::Reset)
            m_socket.set_option(api::asio::socket_base::linger(true, 0), ignored);
        m_socket.close(ignored);
    }
    bool isOpen() const override { return m_socket.is_open(); }
    bool isQuiet() override
    {
        char byte = 0;
        boost::system::error_code code;
        m_socket.non_blocking(true, code);
        m_socket.receive(api::asio::buffer(&byte, 1), api::asio::socket_base::message_peek, code);
        return code == api::asio::error::would_block;
    }

private:
    static constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
    api::asio::ip::tcp::socket m_socket;
};

} // namespace caisson::keeper
