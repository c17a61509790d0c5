// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/fields.h"
#include "backend/keeper/egress/http/head_watch.h"
#include "backend/keeper/egress/http/http1_reader.h"
#include "backend/keeper/egress/http/http1_writer.h"
#include "backend/keeper/egress/http/refusal_body.h"
#include "backend/keeper/egress/http/rest_stream.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/http/status.hpp>
#include <format>

namespace caisson::keeper::http {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

/// What an answered request still sends is read so far, so that the connection can be used again.
constexpr std::size_t kMostDrained = 256 * 1024;
/// So long a client that still sends may go on before its connection is closed: a close with bytes
/// unread is a reset, and a reset takes the answer away from who has not read it yet (RFC 9112, 9.6).
constexpr auto kLinger = 2s;

constexpr std::size_t kUsualHead = 512;

class ReaderBody : public Body
{
public:
    explicit ReaderBody(Http1Reader& reader)
        : m_reader(reader)
    {
    }
    Task<Result<std::span<const char>>> next() override { return m_reader.nextBody(); }
    bool isReady() const override { return m_reader.isReady(); }
    const Fields& trailers() const override { return m_reader.trailers(); }

private:
    Http1Reader& m_reader;
};

std::string_view reasonPhrase(int status)
{
    const std::string_view phrase = boost::beast::http::obsolete_reason(
        boost::beast::http::int_to_status(static_cast<unsigned>(status)));
    return phrase == "<unknown-status>" ? std::string_view() : phrase;
}

class Http1Responder : public Responder
{
public:
    Http1Responder(Stream& stream, Http1Reader& reader, Http1Writer& writer)
        : m_stream(stream)
        , m_reader(reader)
        , m_writer(writer)
    {
    }

    void begin(const Http1Head& request)
    {
        m_isHead = request.method == "HEAD";
        m_isConnect = request.method == "CONNECT";
        m_minor = request.minor;
        m_keepsAlive = request.keepsAlive;
        m_state = State::Waiting;
    }

    Task<Result<void>> inform(const ResponseHead& head) override
    {
        if (m_minor == 0)
            co_return Result<void>{}; // RFC 9110, 15.2: HTTP/1.0 knows no interim answers
        m_writer.beginMessage(text(head, ""), Http1Writer::Framing::None);
        co_return co_await m_writer.flush();
    }

    Task<Result<void>> head(const ResponseHead& head) override
    {
        if (m_state != State::Waiting)
            co_return fail(ErrorCode::Internal, "a request is answered twice");
        const bool isSwitch = head.status == 101 || (m_isConnect && head.status / 100 == 2);
        using enum Http1Writer::Framing;
        Http1Writer::Framing framing = None;
        std::string framed;
        if (isSwitch) {
            m_keepsAlive = false;
            if (head.status == 101)
                framed = "connection: upgrade\r\n";
        } else {
            if (head.length && head.status != 204) // RFC 9110, 8.6
                appendField(framed, "content-length", std::to_string(*head.length));
            if (head.hasBody && !m_isHead) {
                framing = head.length ? Length : m_minor > 0 ? Chunked : Connection;
                if (framing == Chunked)
                    framed += "transfer-encoding: chunked\r\n";
                if (framing == Connection)
                    m_keepsAlive = false;
            } else if (!head.length && !m_isHead && head.status != 204 && head.status != 304) {
                framed += "content-length: 0\r\n";
            }
            // Bytes that nobody will read are in the way of the next request.
            if (!m_reader.isBodyRead() && !m_reader.isReady())
                m_keepsAlive = m_keepsAlive && head.status < 400;
            if (!m_keepsAlive)
                framed += "connection: close\r\n";
            else if (m_minor == 0)
                framed += "connection: keep-alive\r\n";
        }
        m_writer.beginMessage(text(head, framed), framing, head.length.value_or(0));
        m_state = framing == None ? State::Done : State::Body;
        if (m_state == State::Done)
            co_return co_await m_writer.flush();
        co_return Result<void>{};
    }

    Task<Result<void>> write(std::span<const char> bytes) override { return m_writer.write(bytes); }
    Task<Result<void>> flush() override { return m_writer.flush(); }

    Task<Result<void>> finish(const Fields& trailers) override
    {
        const Result<void> finished = co_await m_writer.finish(trailers);
        if (finished)
            m_state = State::Done;
        co_return finished;
    }

    void closeAfter() override { m_keepsAlive = false; }

    void abort() override
    {
        m_state = State::Aborted;
        m_keepsAlive = false;
        m_stream.cancel(Stream::Ending::Reset);
    }

    Stream* takeOver() override
    {
        m_taken = std::make_unique<RestStream>(m_stream, m_reader.takeRest());
        return m_taken.get();
    }

    bool isGone() const override
    {
        // Who has only finished writing waits for the answer (RFC 9112, 9.6).
        return m_reader.hasFailed() || !m_stream.isOpen() || m_stream.hasPeerLeft();
    }
    Task<void> waitGone() override
    {
        co_await m_reader.readAhead();
        co_await untilLeft([this] { return isGone(); });
    }

    bool isDone() const { return m_state == State::Done; }
    bool keepsAlive() const { return isDone() && m_keepsAlive; }

private:
    static std::string text(const ResponseHead& head, std::string_view framed)
    {
        std::string text;
        text.reserve(kUsualHead);
        text += "HTTP/1.1 ";
        text += std::to_string(head.status);
        text += ' ';
        text += reasonPhrase(head.status);
        text += "\r\n";
        for (const auto& [name, value] : head.fields)
            appendField(text, name, value);
        text += framed;
        text += "\r\n";
        return text;
    }

    enum class State { Waiting, Body, Done, Aborted };

    Stream& m_stream;
    Http1Reader& m_reader;
    Http1Writer& m_writer;
    State m_state = State::Waiting;
    bool m_isHead = false;
    bool m_isConnect = false;
    bool m_keepsAlive = true;
    int m_minor = 1;
    std::unique_ptr<RestStream> m_taken;
};

/// The one protocol that a connection may be switched to. The others carry requests that nobody
/// would decide on: h2c, HTTP over TLS, SPDY. Who asks for those, or for a choice, gets an answer
/// in HTTP/1 (RFC 9110, 7.8: an Upgrade may be ignored).
std::string upgradeOf(const Fields& fields)
{
    constexpr std::string_view kWebSocket = "websocket";
    bool isWanted = false;
    std::size_t asked = 0;
    for (const auto& [name, value] : fields) {
        if (name == "upgrade")
            asked += equalsIgnoringCase(value, kWebSocket) ? 1 : 2;
        if (name != "connection")
            continue;
        for (const std::string_view member : listMembers(value))
            isWanted = isWanted || equalsIgnoringCase(member, "upgrade");
    }
    return isWanted && asked == 1 ? std::string(kWebSocket) : "";
}

RequestHead requestHead(Http1Head&& head)
{
    RequestHead request;
    request.version = Version::Http1;
    request.method = std::move(head.method);
    request.target = std::move(head.target);
    request.length = head.length;
    request.hasBody = head.hasBody;
    request.fields = std::move(head.fields);
    request.upgrade = upgradeOf(request.fields);
    if (const std::string* host = findField(request.fields, "host"))
        request.authority = *host;
    removeHopFields(request.fields);
    removeField(request.fields, "host");
    removeField(request.fields, "content-length");
    return request;
}

/// Says what is wrong, as readably as what the policy refuses.
Task<void> refuse(Stream& stream, const Error& error)
{
    const bool isLarge = error.code == ErrorCode::HeadTooLarge;
    const std::string body = refusedHeadBody(error);
    const std::string text = std::format(
        "HTTP/1.1 {}\r\ncontent-type: application/json\r\n"
        "content-length: {}\r\nconnection: close\r\n\r\n{}",
        isLarge ? "431 Request Header Fields Too Large" : "400 Bad Request", body.size(), body);
    if (co_await stream.write(text))
        co_await stream.finish();
}

Task<void> discard(Stream& stream)
{
    std::vector<char> room(16 * 1024);
    for (;;) {
        const Result<std::size_t> size = co_await stream.read(room);
        if (!size || *size == 0)
            co_return;
    }
}

} // namespace

Task<void> serveHttp1(Stream& stream, std::string alreadyRead, Handler handler,
                      std::function<void(const Error&)> onMalformed, Http1Patience patience)
{
    Http1Reader reader(stream, Http1Reader::Side::Requests, std::move(alreadyRead));
    Http1Writer writer(stream);
    Http1Responder responder(stream, reader, writer);
    ReaderBody body(reader);
    HeadWatch watch(co_await api::asio::this_coro::executor, stream, reader, patience);
    do {
        watch.wait();
        Result<std::optional<Http1Head>> head = co_await reader.readHead();
        watch.stop();
        if (!head && watch.brokeOff() && onMalformed)
            onMalformed({ErrorCode::Timeout,
                         "its head did not come whole in time, and the connection was reset",
                         {}});
        if (!head) {
            if (head.error().code != ErrorCode::BadRequest &&
                head.error().code != ErrorCode::HeadTooLarge)
                co_return;
            if (onMalformed)
                onMalformed(head.error());
            co_await refuse(stream, head.error());
            co_await (discard(stream) || api::sleepFor(kLinger));
            co_return;
        }
        if (!*head)
            break;
        responder.begin(**head);
        RequestHead request = requestHead(std::move(**head));
        co_await handler(request, body, responder);
        std::size_t drained = 0;
        while (responder.keepsAlive() && !reader.isBodyRead() && drained < kMostDrained) {
            const auto bytes = co_await reader.nextBody();
            if (!bytes)
                break;
            drained += bytes->size();
        }
    } while (responder.keepsAlive() && reader.isBodyRead());
    if (!responder.isDone())
        co_return;
    co_await stream.finish();
    if (!reader.isBodyRead())
        co_await (discard(stream) || api::sleepFor(kLinger));
}

} // namespace caisson::keeper::http
