// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/fields.h"
#include "backend/keeper/egress/http/http2_fields.h"
#include "backend/keeper/egress/http/http2_session.h"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <format>

namespace caisson::keeper::http {

using api::Task;

namespace {

/// Interim answers that nobody has taken yet.
constexpr std::size_t kMostHeads = 16;
constexpr std::size_t kUsualFields = 16;

/// An origin's connection; tells the pool when something about it has changed.
class UpstreamSession : public Http2Session
{
public:
    UpstreamSession(const api::asio::any_io_executor& executor, std::function<void()> onChange)
        : Http2Session(executor, Side::Client)
        , m_onChange(std::move(onChange))
    {
    }

    std::size_t peersLimit() const
    {
        return nghttp2_session_get_remote_settings(handle(),
                                                   NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    }
    bool takesMore() const
    {
        return !isOver() && !m_isGoingAway && nghttp2_session_check_request_allowed(handle()) != 0;
    }
    void streamEnded() { m_hasChanged = true; }
    void tellNoMore() { m_onChange = nullptr; }

    Task<void> runOn(std::shared_ptr<Stream> stream)
    {
        co_await run(*stream, {});
        stream->cancel(Stream::Ending::Close);
        m_hasChanged = true;
        turnEnded();
    }

private:
    void goingAway() override
    {
        m_isGoingAway = true;
        m_hasChanged = true;
    }
    void turnEnded() override
    {
        const std::size_t limit = peersLimit();
        if (std::exchange(m_lastLimit, limit) != limit)
            m_hasChanged = true;
        if (!std::exchange(m_hasChanged, false) || !m_onChange)
            return;
        // What is told may drop the one who told it to tell.
        const auto onChange = m_onChange;
        onChange();
    }

    std::function<void()> m_onChange;
    std::size_t m_lastLimit = 0;
    bool m_isGoingAway = false;
    bool m_hasChanged = false;
};

class UpstreamStream : public Http2Stream
{
public:
    UpstreamStream(std::shared_ptr<UpstreamSession> session, bool isHead)
        : Http2Stream(session)
        , m_upstream(*session)
        , m_isHead(isHead)
    {
    }

    Task<Result<ResponseHead>> response()
    {
        const auto self = shared_from_this();
        for (;;) {
            if (!m_heads.empty()) {
                ResponseHead head = std::move(m_heads.front());
                m_heads.pop_front();
                co_return head;
            }
            if (m_failure)
                co_return std::unexpected(*m_failure);
            if (m_hasAllReceived || isOver())
                co_return fail(ErrorCode::Protocol, "the answer has no head");
            co_await m_changed.wait();
            if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
                co_return fail(ErrorCode::Cancelled, "waiting for an answer: cancelled");
        }
    }

    void begun(const RequestHead& head)
    {
        m_hasEndedSending = !head.hasBody;
        beginSending(head.length);
    }
    /// Nobody looks at it any more.
    void leave()
    {
        if (!m_hasAllReceived)
            reset(NGHTTP2_CANCEL);
        else if (!m_hasEndedSending)
            reset(NGHTTP2_NO_ERROR);
    }
    bool wasRefused() const { return m_wasRefused || (isOver() && !m_hasSentHead); }
    /// The connection went, and nothing of the answer had come.
    bool wasLost() const { return m_wasLost && !m_hasAnswer; }

private:
    bool beginFields() override
    {
        m_fieldBytes = 0;
        m_hasAnswer = true;
        m_reading = ResponseHead{};
        m_reading.fields.reserve(kUsualFields);
        m_reading.version = Version::Http2;
        return true;
    }

    bool addField(std::string_view name, std::string_view value) override
    {
        if (m_hasLastHead)
            return addTrailer(name, value) || refuse("the answer's trailers are too large");
        if (!countField(name, value))
            return refuse("the answer's head is too large");
        if (name == ":status") {
            m_reading.status = static_cast<int>(parseLength(value).value_or(0));
            return m_reading.status >= 100 && m_reading.status <= 999;
        }
        if (name == "content-length") {
            m_reading.length = parseLength(value);
            return m_reading.length.has_value();
        }
        m_reading.fields.emplace_back(name, value);
        return true;
    }

    bool endFields(bool isLast) override
    {
        if (m_hasLastHead)
            return true;
        const int status = m_reading.status;
        if (status / 100 == 1) {
            if (m_heads.size() >= kMostHeads)
                return refuse("there are too many interim answers");
        } else {
            m_hasLastHead = true;
        }
        m_reading.hasBody =
            status / 100 != 1 && !isLast && !m_isHead && status != 204 && status != 304;
        removeHopFields(m_reading.fields);
        m_heads.push_back(std::move(m_reading));
        m_changed.notifyAll();
        return true;
    }

    void sentHead() override { m_hasSentHead = true; }

    void ended(std::uint32_t code) override
    {
        m_wasRefused = code == NGHTTP2_REFUSED_STREAM;
        m_wasLost = m_upstream.isOver();
        m_upstream.streamEnded();
    }

    bool refuse(std::string why)
    {
        failWith(Error{ErrorCode::Protocol, std::move(why), {}});
        return false;
    }

    UpstreamSession& m_upstream;
    bool m_isHead;
    ResponseHead m_reading;
    std::deque<ResponseHead> m_heads;
    bool m_hasLastHead = false;
    bool m_hasSentHead = false;
    bool m_hasAnswer = false;
    bool m_wasRefused = false;
    bool m_wasLost = false;
};

class Http2Upstream : public UpstreamConnection, public std::enable_shared_from_this<Http2Upstream>
{
public:
    Http2Upstream(std::unique_ptr<Stream> stream, std::function<void()> onChange)
        : m_stream(std::move(stream))
        , m_onChange(std::move(onChange))
    {
    }
    ~Http2Upstream() override
    {
        if (m_session)
            m_session->tellNoMore();
        close();
    }

    Version version() const override { return Version::Http2; }
    bool isOpen() const override
    {
        return !m_isClosed && m_stream->isOpen() && (!m_session || !m_session->isOver());
    }
    bool isIdle() const override { return m_exchanges == 0; }
    bool hasRoom() const override
    {
        if (!isOpen() || (m_session && !m_session->takesMore()))
            return false;
        // Before the origin's settings have come, as many as it ought to allow (RFC 9113, 6.5.2).
        constexpr std::size_t kAssumed = 100;
        const std::size_t limit = m_session ? m_session->peersLimit() : kAssumed;
        return m_exchanges < std::min<std::size_t>(limit, kMaxHttp2Streams);
    }
    std::unique_ptr<UpstreamExchange> open() override;
    void close() override
    {
        if (std::exchange(m_isClosed, true))
            return;
        if (m_session)
            m_session->terminate(NGHTTP2_NO_ERROR);
        else
            m_stream->cancel(Stream::Ending::Close);
    }

    /// A Stream does not say whose thread it is on; the first request does.
    std::shared_ptr<UpstreamSession> ensureSession(const api::asio::any_io_executor& executor)
    {
        if (!m_session) {
            m_session = std::make_shared<UpstreamSession>(executor, m_onChange);
            api::spawnDetached(executor, run(m_session, m_stream), "an HTTP/2 connection");
        }
        return m_session;
    }
    void release()
    {
        --m_exchanges;
        ++m_over;
        if (m_onChange)
            m_onChange();
    }
    /// Whether requests ended on it before.
    bool isKept() const { return m_over > 0; }

private:
    static Task<void> run(std::shared_ptr<UpstreamSession> session, std::shared_ptr<Stream> stream)
    {
        co_await session->runOn(std::move(stream));
    }

    std::shared_ptr<Stream> m_stream;
    std::function<void()> m_onChange;
    std::shared_ptr<UpstreamSession> m_session;
    std::size_t m_exchanges = 0;
    std::size_t m_over = 0;
    bool m_isClosed = false;
};

class Http2Exchange : public UpstreamExchange, private Body
{
public:
    explicit Http2Exchange(std::shared_ptr<Http2Upstream> connection)
        : m_connection(std::move(connection))
        , m_isKept(m_connection->isKept())
    {
    }
    ~Http2Exchange() override
    {
        if (m_stream)
            m_stream->leave();
        m_connection->release();
    }

    Task<Result<void>> sendHead(const RequestHead& head, std::string_view scheme) override;
    Task<Result<void>> sendBody(std::span<const char> bytes) override
    {
        if (!m_stream)
            return failed<void>();
        return m_stream->send(bytes);
    }
    Task<Result<void>> finishBody(const Fields& trailers) override
    {
        if (!m_stream)
            co_return notBegun();
        co_return m_stream->endSending(trailers);
    }
    Task<Result<ResponseHead>> response() override
    {
        if (!m_stream)
            return failed<ResponseHead>();
        return m_stream->response();
    }
    Body& body() override { return *this; }
    void abort() override
    {
        if (m_stream)
            m_stream->reset(NGHTTP2_CANCEL);
    }
    Stream* takeOver() override { return nullptr; }
    bool mayRetry() const override
    {
        return !m_stream || m_stream->wasRefused() ||
               (m_isKept && m_isRepeatable && m_stream->wasLost());
    }

private:
    Task<Result<std::span<const char>>> next() override
    {
        if (!m_stream)
            return failed<std::span<const char>>();
        return m_stream->next();
    }
    bool isReady() const override { return m_stream && m_stream->isReady(); }
    const Fields& trailers() const override
    {
        static const Fields none;
        return m_stream ? m_stream->trailers() : none;
    }

    static std::unexpected<Error> notBegun()
    {
        return fail(ErrorCode::Internal, "the request has not begun");
    }
    template<class T>
    static Task<Result<T>> failed()
    {
        co_return notBegun();
    }

    std::shared_ptr<Http2Upstream> m_connection;
    std::shared_ptr<UpstreamStream> m_stream;
    bool m_isKept;
    bool m_isRepeatable = false;
};

std::unique_ptr<UpstreamExchange> Http2Upstream::open()
{
    ++m_exchanges;
    return std::make_unique<Http2Exchange>(shared_from_this());
}

Task<Result<void>> Http2Exchange::sendHead(const RequestHead& head, std::string_view scheme)
{
    if (m_stream)
        co_return fail(ErrorCode::Internal, "a request begins twice");
    if (!head.upgrade.empty() || head.method == "CONNECT")
        co_return fail(ErrorCode::NotBuilt, "HTTP/2 carries no upgrade and no tunnel here");
    if (!m_connection->isOpen())
        co_return fail(ErrorCode::Unavailable, "the connection to the origin was closed");
    // RFC 9110, 9.2.2; what had a body cannot be sent again.
    constexpr std::array<std::string_view, 6> kIdempotent{"GET",   "HEAD", "OPTIONS",
                                                          "TRACE", "PUT",  "DELETE"};
    m_isRepeatable = !head.hasBody && std::ranges::contains(kIdempotent, head.method);
    const auto session = m_connection->ensureSession(co_await api::asio::this_coro::executor);
    Http2Fields fields;
    fields.add(":method", head.method);
    fields.add(":scheme", scheme);
    if (!head.authority.empty())
        fields.add(":authority", head.authority);
    fields.add(":path", head.target);
    fields.addAll(head.fields);
    if (head.length)
        fields.addLength(*head.length);
    const nghttp2_data_provider2 source = Http2Session::bodySource();
    const std::int32_t id =
        nghttp2_submit_request2(session->handle(), nullptr, fields.data(), fields.size(),
                                head.hasBody ? &source : nullptr, nullptr);
    if (id < 0)
        co_return fail(ErrorCode::Unavailable, std::format("HTTP/2: {}", nghttp2_strerror(id)));
    m_stream = std::make_shared<UpstreamStream>(session, head.method == "HEAD");
    m_stream->begun(head);
    session->addStream(id, m_stream);
    session->wake();
    co_return Result<void>{};
}

} // namespace

std::shared_ptr<UpstreamConnection> makeHttp2Upstream(std::unique_ptr<Stream> stream,
                                                      std::function<void()> onChange)
{
    return std::make_shared<Http2Upstream>(std::move(stream), std::move(onChange));
}

} // namespace caisson::keeper::http
