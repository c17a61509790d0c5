// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/http_client.h"

#include "backend/api/socket_writer.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

namespace caisson::api {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

std::string requestHead(const std::string& method, const std::string& target,
                        const Headers& headers)
{
    std::string head = method + " " + target + " HTTP/1.1\r\nHost: caisson\r\n";
    for (const auto& [name, value] : headers)
        head += name + ": " + value + "\r\n";
    return head + "Connection: close\r\n";
}

} // namespace

struct ClientConnection::Impl
{
    Socket socket;
    SocketWriter writer;
    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;

    explicit Impl(Socket s)
        : socket(std::move(s))
    {
        parser.body_limit(boost::none);
    }

    template<class Buffers>
    Task<Result<void>> write(Buffers buffers)
    {
        return writer.write(socket, buffers, "cannot send the request");
    }
};

ClientConnection::ClientConnection(Socket socket)
    : m_impl(std::make_unique<Impl>(std::move(socket)))
{
}

ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection::~ClientConnection() = default;

Task<Result<void>> ClientConnection::send(std::string method, std::string target, std::string body,
                                          Headers headers)
{
    std::string bytes = requestHead(method, target, headers);
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        bytes +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n";
    bytes += "\r\n" + body;
    co_return co_await m_impl->write(asio::buffer(bytes));
}

Task<Result<void>> ClientConnection::start(std::string method, std::string target, Headers headers)
{
    const std::string bytes =
        requestHead(method, target, headers) + "Transfer-Encoding: chunked\r\n\r\n";
    co_return co_await m_impl->write(asio::buffer(bytes));
}

Task<Result<void>> ClientConnection::writeBody(std::string_view bytes)
{
    if (bytes.empty())
        co_return Result<void>{};
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    co_return co_await m_impl->write(
        std::array<asio::const_buffer, 3>{asio::buffer(std::string_view(size)), asio::buffer(bytes),
                                          asio::buffer(std::string_view("\r\n"))});
}

Task<Result<void>> ClientConnection::endBody()
{
    co_return co_await m_impl->write(asio::buffer(std::string_view("0\r\n\r\n")));
}

Task<Result<ResponseHead>> ClientConnection::readHead()
{
    const auto [code, size] =
        co_await http::async_read_header(m_impl->socket, m_impl->buffer, m_impl->parser, kTuple);
    if (code)
        co_return failAsio(code, "no answer");
    ResponseHead head;
    head.status = static_cast<int>(m_impl->parser.get().result_int());
    for (const auto& field : m_impl->parser.get())
        head.headers.emplace_back(field.name_string(), field.value());
    co_return head;
}

Task<Result<std::size_t>> ClientConnection::readBodySome(std::span<char> room)
{
    Impl& d = *m_impl;
    // Beast reads what its buffer has room for, and an empty one has 512 bytes.
    if (!d.parser.is_done())
        d.buffer.reserve(room.size());
    while (!d.parser.is_done()) {
        auto& body = d.parser.get().body();
        body.data = room.data();
        body.size = room.size();
        body.more = true;
        const auto [code, size] =
            co_await http::async_read_some(d.socket, d.buffer, d.parser, kTuple);
        if (code && code != http::error::need_buffer)
            co_return failAsio(code, "the answer broke off");
        if (const std::size_t got = room.size() - body.size; got > 0)
            co_return got;
    }
    co_return 0;
}

Task<Result<std::string>> ClientConnection::readBody(std::size_t limit)
{
    std::string body;
    std::array<char, 16 * 1024> room;
    for (;;) {
        const Result<std::size_t> got = co_await readBodySome(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            co_return body;
        if (body.size() + *got > limit)
            co_return fail(ErrorCode::TooLarge, "the answer is larger than expected");
        body.append(room.data(), *got);
    }
}

void ClientConnection::abort()
{
    boost::system::error_code ignored; // the connection may be gone already, which is the aim
    m_impl->socket.shutdown(Socket::shutdown_both, ignored);
}

} // namespace caisson::api
