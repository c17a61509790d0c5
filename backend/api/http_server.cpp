// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/http_server.h"

#include "backend/api/codec.h"
#include "backend/api/socket_writer.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <malloc.h>

namespace caisson::api {

namespace beast = boost::beast;
namespace http = beast::http;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kHeadLimit(10);
constexpr std::chrono::seconds kIdleLimit(75);
constexpr std::chrono::seconds kLingerLimit(5);
constexpr std::size_t kLingerBytes = 32 * 1024 * 1024;
/// Reading or writing a body of many small values as JSON takes many times its size.
constexpr std::size_t kLargeBody = 64 * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string statusLine(int status)
{
    std::string line = "HTTP/1.1 " + std::to_string(status) + " ";
    // 499 is no registered status; every other one has its reason phrase in Beast.
    line += status == 499 ? std::string_view("Client Closed Request")
                          : std::string_view(http::obsolete_reason(
                                http::int_to_status(static_cast<unsigned>(status))));
    return line + "\r\n";
}

/// 16 bytes in base64.
constexpr std::size_t kWebSocketKeySize = 24;

} // namespace

struct ServerConnection::Impl
{
    Socket socket;
    SocketWriter writer;
    std::string raw;          ///< bytes read and not yet given to the parser
    std::size_t headSize = 0; ///< how much of raw is the current head; 0 once it was consumed
    std::unique_ptr<http::request_parser<http::buffer_body>> parser;
    beast::flat_buffer buffer;
    bool isHead = false;
    bool isUpgrade = false;
    bool expectsContinue = false;
    bool chunked = false;
    bool closes = false;
    bool answered = false;
    bool hadLargeBody = false;

    explicit Impl(Socket s, std::string bytes)
        : socket(std::move(s))
        , raw(std::move(bytes))
    {
    }
    ~Impl()
    {
        // glibc keeps what was freed for the next time, which a service of small requests never
        // has.
        if (hadLargeBody)
            ::malloc_trim(0);
    }

    Task<Result<void>> readMore(std::chrono::milliseconds limit);
    template<class Buffers>
    Task<Result<void>> writeParts(Buffers buffers)
    {
        Result<void> written = co_await writer.write(socket, buffers, "cannot send the answer");
        closes = closes || !written;
        co_return written;
    }
    Task<Result<void>> write(std::string_view bytes) { return writeParts(asio::buffer(bytes)); }
    Result<RequestHead> parseHead();
    void consumeHead();
    std::string responseHead(int status, const std::string& contentType, const Headers& headers);
};

Task<Result<void>> ServerConnection::Impl::readMore(std::chrono::milliseconds limit)
{
    std::array<char, 16 * 1024> room;
    auto outcome = co_await (socket.async_read_some(asio::buffer(room), kTuple) || sleepFor(limit));
    if (outcome.index() == 1)
        co_return fail(ErrorCode::Timeout, "no whole request arrived in time");
    const auto [code, size] = std::get<0>(outcome);
    if (code)
        co_return failAsio(code, "cannot read the request");
    raw.append(room.data(), size);
    co_return Result<void>{};
}

Result<RequestHead> ServerConnection::Impl::parseHead()
{
    parser = std::make_unique<http::request_parser<http::buffer_body>>();
    parser->header_limit(kMaxRequestHead);
    parser->body_limit(boost::none);
    boost::system::error_code code;
    parser->put(asio::buffer(raw.data(), headSize), code);
    if (code || !parser->is_header_done())
        return fail(ErrorCode::BadRequest, "not an HTTP/1.1 request: " + code.message());
    const auto& message = parser->get();
    RequestHead head;
    head.method = message.method_string();
    head.target = message.target();
    for (const auto& field : message)
        head.headers.emplace_back(field.name_string(), field.value());
    // One that Beast would refuse, with words of its own, is none (RFC 6455, 4.2.1).
    head.upgrade = beast::websocket::is_upgrade(message) &&
                   message[http::field::sec_websocket_version] == "13" &&
                   message[http::field::sec_websocket_key].size() == kWebSocketKeySize;
    isHead = head.method == "HEAD";
    isUpgrade = head.upgrade;
    expectsContinue = head.header("expect").value_or("") == "100-continue";
    closes = !message.keep_alive();
    answered = false;
    return head;
}

/// From here on the request is this process's.
void ServerConnection::Impl::consumeHead()
{
    if (headSize == 0)
        return;
    raw.erase(0, headSize);
    headSize = 0;
    raw.copy(static_cast<char*>(buffer.prepare(raw.size()).data()), raw.size());
    buffer.commit(raw.size());
    raw.clear();
}

std::string ServerConnection::Impl::responseHead(int status, const std::string& contentType,
                                                 const Headers& headers)
{
    // What was not read of the body would be taken for the next request.
    if (!parser || !parser->is_done())
        closes = true;
    std::string head = statusLine(status);
    if (!contentType.empty())
        head += "Content-Type: " + contentType + "\r\n";
    for (const auto& [name, value] : headers)
        head += name + ": " + value + "\r\n";
    if (closes)
        head += "Connection: close\r\n";
    answered = true;
    return head;
}

ServerConnection::ServerConnection(Socket socket, std::string alreadyRead)
    : m_impl(std::make_unique<Impl>(std::move(socket), std::move(alreadyRead)))
{
}

ServerConnection::ServerConnection(ServerConnection&&) noexcept = default;
ServerConnection::~ServerConnection() = default;

Task<Result<RequestHead>> ServerConnection::readHead()
{
    Impl& d = *m_impl;
    // What came after the last request's body is the beginning of this one.
    if (d.buffer.size() > 0) {
        d.raw.append(static_cast<const char*>(d.buffer.data().data()), d.buffer.size());
        d.buffer.consume(d.buffer.size());
    }
    std::size_t searched = 0;
    const auto begun = std::chrono::steady_clock::now();
    for (;;) {
        const std::size_t end = d.raw.find(kHeadEnd, searched);
        if (end != std::string::npos && end + kHeadEnd.size() <= kMaxRequestHead) {
            d.headSize = end + kHeadEnd.size();
            co_return d.parseHead();
        }
        if (d.raw.size() >= kMaxRequestHead)
            co_return fail(ErrorCode::HeadTooLarge, "the request's head is larger than 32 KiB");
        searched = d.raw.size() < kHeadEnd.size() ? 0 : d.raw.size() - (kHeadEnd.size() - 1);
        const bool first = d.raw.empty();
        const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun);
        const auto left = first ? std::chrono::milliseconds(kIdleLimit)
                                : std::chrono::milliseconds(kHeadLimit) - spent;
        Result<void> more = co_await d.readMore(std::max(left, std::chrono::milliseconds(1)));
        if (!more)
            co_return std::unexpected(more.error());
    }
}

std::pair<Socket, std::string> ServerConnection::release()
{
    return {std::move(m_impl->socket), std::move(m_impl->raw)};
}

Task<Result<std::size_t>> ServerConnection::readBodySome(std::span<char> room)
{
    Impl& d = *m_impl;
    d.consumeHead();
    if (d.expectsContinue) {
        d.expectsContinue = false;
        if (Result<void> sent = co_await d.write("HTTP/1.1 100 Continue\r\n\r\n"); !sent)
            co_return std::unexpected(sent.error());
    }
    // Beast reads what its buffer has room for, and an empty one has 512 bytes.
    if (!d.parser->is_done())
        d.buffer.reserve(room.size());
    while (!d.parser->is_done()) {
        auto& body = d.parser->get().body();
        body.data = room.data();
        body.size = room.size();
        body.more = true;
        const auto [code, size] =
            co_await http::async_read_some(d.socket, d.buffer, *d.parser, kTuple);
        if (code && code != http::error::need_buffer) {
            d.closes = true;
            // All the parser's errors but this one are the client's words.
            if (code.category() == make_error_code(http::error::bad_chunk).category() &&
                code != http::error::partial_message)
                co_return fail(ErrorCode::BadRequest,
                               "the request's body is not HTTP/1.1: " + code.message());
            co_return failAsio(code, "the request's body broke off");
        }
        if (const std::size_t got = room.size() - body.size; got > 0)
            co_return got;
    }
    co_return 0;
}

Task<Result<std::string>> ServerConnection::readBody(std::size_t limit)
{
    const auto tooLarge = [limit] {
        return fail(ErrorCode::TooLarge,
                    "the request's body is larger than " + std::to_string(limit) + " bytes");
    };
    // One that says so is not asked to send it (RFC 9110, 10.1.1).
    if (m_impl->parser->content_length().value_or(0) > limit)
        co_return tooLarge();
    std::string body;
    std::array<char, 16 * 1024> room;
    for (;;) {
        const Result<std::size_t> got = co_await readBodySome(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            co_return body;
        if (body.size() + *got > limit)
            co_return tooLarge();
        body.append(room.data(), *got);
        m_impl->hadLargeBody = m_impl->hadLargeBody || body.size() > kLargeBody;
    }
}

Task<Result<void>> ServerConnection::respond(Response response)
{
    Impl& d = *m_impl;
    d.consumeHead();
    d.hadLargeBody = d.hadLargeBody || response.body.size() > kLargeBody;
    std::string bytes = d.responseHead(response.status, response.contentType, response.headers);
    // 204 has no body and no length (RFC 9110, 8.6).
    if (response.status != 204)
        bytes += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    bytes += "\r\n";
    if (!d.isHead)
        bytes += response.body;
    co_return co_await d.write(bytes);
}

Task<Result<void>> ServerConnection::respondError(Error error)
{
    Response response{httpStatus(error.code), "application/json", errorToJson(error)};
    if (const auto allow = error.detail.find("allow"); allow != error.detail.end())
        response.headers.emplace_back("Allow", allow->second);
    Impl& d = *m_impl;
    const bool wholeRequest = d.parser && d.parser->is_done();
    Result<void> sent = co_await respond(std::move(response));
    if (!sent || wholeRequest)
        co_return sent;
    // A peer that is still sending must be able to read the answer: let it finish for a moment.
    boost::system::error_code code;
    d.socket.shutdown(Socket::shutdown_send, code);
    std::array<char, 16 * 1024> room;
    const auto end = std::chrono::steady_clock::now() + kLingerLimit;
    std::size_t drained = 0;
    while (!code && drained < kLingerBytes && std::chrono::steady_clock::now() < end) {
        auto outcome = co_await (d.socket.async_read_some(asio::buffer(room), kTuple) ||
                                 sleepFor(kLingerLimit));
        if (outcome.index() == 1)
            break;
        const auto [readCode, size] = std::get<0>(outcome);
        code = readCode;
        drained += size;
    }
    co_return sent;
}

Task<Result<void>> ServerConnection::startBody(int status, std::string contentType, Headers headers,
                                               std::optional<std::uint64_t> length)
{
    Impl& d = *m_impl;
    d.consumeHead();
    const bool oldClient = d.parser->get().version() < 11;
    d.chunked = !length && !oldClient;
    if (!length && oldClient)
        d.closes = true;
    std::string head = d.responseHead(status, contentType, headers);
    if (length)
        head += "Content-Length: " + std::to_string(*length) + "\r\n";
    else if (d.chunked)
        head += "Transfer-Encoding: chunked\r\n";
    head += "\r\n";
    co_return co_await d.write(head);
}

Task<Result<void>> ServerConnection::writeBody(std::string_view bytes)
{
    Impl& d = *m_impl;
    if (bytes.empty() || d.isHead)
        co_return Result<void>{};
    if (!d.chunked)
        co_return co_await d.write(bytes);
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    co_return co_await d.writeParts(
        std::array<asio::const_buffer, 3>{asio::buffer(std::string_view(size)), asio::buffer(bytes),
                                          asio::buffer(std::string_view("\r\n"))});
}

Task<Result<void>> ServerConnection::endBody()
{
    Impl& d = *m_impl;
    if (!d.chunked || d.isHead)
        co_return Result<void>{};
    co_return co_await d.write("0\r\n\r\n");
}

Task<Result<void>> ServerConnection::startEvents()
{
    return startBody(200, "text/event-stream", {{"Cache-Control", "no-store"}});
}

Task<Result<WebSocket>> ServerConnection::acceptWebSocket()
{
    Impl& d = *m_impl;
    if (!d.isUpgrade)
        co_return fail(ErrorCode::BadRequest,
                       "this route is a WebSocket; ask for an upgrade, with "
                       "Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key (RFC 6455)");
    d.answered = true;
    d.closes = true;
    co_return co_await WebSocket::accept(std::move(d.socket), std::move(d.raw));
}

Task<void> ServerConnection::waitClosed()
{
    Impl& d = *m_impl;
    for (;;) {
        const auto [code] = co_await d.socket.async_wait(Socket::wait_read, kTuple);
        if (code)
            co_return;
        // A client that sends on while it is being answered is either pipelining or gone.
        std::array<char, 4096> room;
        boost::system::error_code readCode;
        d.socket.non_blocking(true, readCode);
        const std::size_t size = d.socket.read_some(asio::buffer(room), readCode);
        if (readCode == asio::error::would_block)
            continue;
        if (readCode || size == 0)
            co_return;
        d.closes = true;
    }
}

void ServerConnection::closeAfterwards()
{
    m_impl->closes = true;
}

bool ServerConnection::keepsAlive() const
{
    return m_impl->answered && !m_impl->closes;
}

Result<void> checkValueCount(std::string_view json)
{
    constexpr std::size_t kMaxValues = 65536;
    std::size_t commas = 0;
    bool inString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '"')
            inString = !inString;
        else if (inString && json[i] == '\\')
            ++i; // the escaped character, which may be a quote
        else if (!inString && json[i] == ',')
            ++commas;
    }
    if (commas >= kMaxValues)
        return fail(ErrorCode::BadRequest, "the JSON has more than 65536 values");
    return {};
}

Task<Result<void>> readNoBody(ServerConnection& connection)
{
    Result<std::string> body = co_await connection.readBody();
    if (!body)
        co_return std::unexpected(body.error());
    std::erase_if(*body, [](char c) { return std::string_view(" \t\r\n").contains(c); });
    if (!body->empty() && *body != "{}")
        co_return fail(ErrorCode::BadRequest, "this request takes no body, or an empty object");
    co_return Result<void>{};
}

} // namespace caisson::api
