// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/fields.h"
#include "backend/keeper/egress/http/http2_fields.h"
#include "backend/keeper/egress/http/http2_session.h"
#include "backend/keeper/egress/http/refusal_body.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <format>

namespace caisson::keeper::http {

using api::Task;

namespace {

/// Handlers may live on for a moment after their stream was reset; a peer that opens and resets
/// (CVE-2023-44487) gets no more than this at a time.
constexpr std::size_t kMostHandlers = 2 * kMaxHttp2Streams;
constexpr double kResetsAtOnce = 1000;
constexpr double kResetsPerSecond = 33;

class ServerSession;

class ServerStream : public Http2Stream, public Responder
{
public:
    explicit ServerStream(std::shared_ptr<ServerSession> session);

    Task<Result<void>> inform(const ResponseHead& head) override;
    Task<Result<void>> head(const ResponseHead& head) override;
    Task<Result<void>> write(std::span<const char> bytes) override { return send(bytes); }
    Task<Result<void>> finish(const Fields& trailers) override { co_return endSending(trailers); }
    void abort() override;
    Stream* takeOver() override { return nullptr; }
    bool isGone() const override { return isOver(); }
    Task<void> waitGone() override;

    RequestHead& request() { return m_request; }
    /// What makes it no request that may be handed on: a status and a sentence.
    struct Refusal
    {
        int status;
        ErrorCode code;
        std::string_view why;
    };
    std::optional<Refusal> refusal() const;
    void refuse(const Refusal& refusal);
    /// Nobody looks at it any more.
    void handled();

private:
    bool beginFields() override;
    bool addField(std::string_view name, std::string_view value) override;
    bool endFields(bool isLast) override;
    void malformedField(std::string_view name) override;
    void malformed() override;
    void sentAll() override;
    void leaveRest();
    Result<void> submitHead(const ResponseHead& head);

    ServerSession& m_server;
    RequestHead m_request;
    std::string m_scheme;
    std::optional<std::string> m_host;
    std::string m_cookies;
    std::string m_flaw; ///< what is malformed, where that is known
    bool m_isTooLarge = false;
    bool m_hasHead = false;
    bool m_isAnswered = false;
    bool m_isHandled = false;
    bool m_hasSentAll = false;
};

class ServerSession : public Http2Session
{
public:
    ServerSession(const api::asio::any_io_executor& executor, Handler handler,
                  Http2Patience patience, std::function<void(const Error&)> onMalformed)
        : Http2Session(executor, Side::Server)
        , m_handler(std::move(handler))
        , m_onMalformed(std::move(onMalformed))
        , m_resets(kResetsAtOnce, kResetsPerSecond)
        , m_handlerEnded(executor)
        , m_patience(patience)
        , m_look(executor)
    {
    }

    /// Ends a connection that nothing comes on. To be called once.
    void watch() { lookIn(m_patience.preface); }

    Task<void> waitHandlers()
    {
        while (m_handlers > 0)
            co_await m_handlerEnded.wait();
        m_handler = nullptr;
        m_onMalformed = nullptr;
    }

    /// A head was refused that no handler sees.
    void wasMalformed(const Error& error)
    {
        if (m_onMalformed)
            m_onMalformed(error);
    }

    /// Its head is complete.
    void begin(std::shared_ptr<ServerStream> stream) { m_toBegin.push_back(std::move(stream)); }

private:
    using Clock = std::chrono::steady_clock;

    void settingsCame() override { m_hasSettings = true; }

    void lookIn(Clock::duration time)
    {
        m_look.expires_after(time);
        m_look.async_wait([weak = weak_from_this()](const boost::system::error_code& code) {
            const auto self = weak.lock();
            if (!code && self)
                static_cast<ServerSession&>(*self).look();
        });
    }

    void look()
    {
        // A stream without a handler is a head that has not come whole, or an answer on its way.
        const bool isBusy = m_handlers > 0;
        const Clock::duration idle = isBusy ? Clock::duration::zero() : Clock::now() - m_idleSince;
        if (!m_hasSettings)
            terminate(NGHTTP2_SETTINGS_TIMEOUT);
        else if (idle >= m_patience.idle)
            terminate(NGHTTP2_NO_ERROR);
        else if (!isOver())
            lookIn(m_patience.idle - idle);
    }

    void resetSent(std::uint32_t code) override
    {
        if (code == NGHTTP2_REFUSED_STREAM)
            wasMalformed({ErrorCode::Protocol,
                          "too many requests were under way on its HTTP/2 connection, and it was "
                          "refused (REFUSED_STREAM)",
                          {}});
        // Resets that come are counted by nghttp2, at the same rate. What a peer makes us reset is
        // as cheap for it (CVE-2025-8671); what a handler breaks off is not its doing.
        const bool isOurs =
            code == NGHTTP2_NO_ERROR || code == NGHTTP2_INTERNAL_ERROR || code == NGHTTP2_CANCEL;
        if (!isOurs && !m_resets.take())
            terminate(NGHTTP2_ENHANCE_YOUR_CALM);
    }

    void goAwaySent(std::uint32_t code) override
    {
        if (code == NGHTTP2_NO_ERROR)
            return;
        wasMalformed(
            {ErrorCode::Protocol,
             std::format("what was sent on its HTTP/2 connection ended that: {} (RFC 9113, 7)",
                         nghttp2_http2_strerror(code)),
             {}});
    }

    std::shared_ptr<Http2Stream> accept() override
    {
        if (m_handlers + m_toBegin.size() >= kMostHandlers)
            return nullptr;
        return std::make_shared<ServerStream>(
            std::static_pointer_cast<ServerSession>(shared_from_this()));
    }

    void turnEnded() override
    {
        // Not from within nghttp2: a coroutine may run at once, and what it sends is nghttp2's again.
        for (auto& stream : std::exchange(m_toBegin, {})) {
            if (stream->isOver())
                continue;
            if (const auto refusal = stream->refusal()) {
                wasMalformed({refusal->code, std::string(refusal->why), {}});
                stream->refuse(*refusal);
                continue;
            }
            ++m_handlers;
            api::spawnDetached(executor(),
                               answer(std::static_pointer_cast<ServerSession>(shared_from_this()),
                                      std::move(stream)),
                               "answering a request");
        }
    }

    static Task<void> answer(std::shared_ptr<ServerSession> self,
                             std::shared_ptr<ServerStream> stream)
    {
        struct Handling
        {
            ServerSession& session;
            ServerStream& stream;
            ~Handling()
            {
                stream.handled();
                if (--session.m_handlers > 0)
                    return;
                session.m_idleSince = Clock::now();
                session.m_handlerEnded.notifyAll();
            }
        } handling{*self, *stream};
        co_await self->m_handler(stream->request(), *stream, *stream);
    }

    Handler m_handler;
    std::function<void(const Error&)> m_onMalformed;
    Allowance m_resets;
    std::vector<std::shared_ptr<ServerStream>> m_toBegin;
    std::size_t m_handlers = 0;
    api::Notifier m_handlerEnded;
    Http2Patience m_patience;
    api::asio::steady_timer m_look;
    Clock::time_point m_idleSince = Clock::now();
    bool m_hasSettings = false;
};

// ---- the request -------------------------------------------------------------------------------

ServerStream::ServerStream(std::shared_ptr<ServerSession> session)
    : Http2Stream(session)
    , m_server(*session)
{
    m_request.version = Version::Http2;
}

bool ServerStream::beginFields()
{
    m_fieldBytes = 0;
    return true;
}

bool ServerStream::addField(std::string_view name, std::string_view value)
{
    if (m_hasHead)
        return addTrailer(name, value);
    if (m_isTooLarge)
        return true;
    if (!countField(name, value)) {
        m_isTooLarge = true; // it gets an answer once the rest of its head is out of the way
        m_request.fields.clear();
        return true;
    }
    // nghttp2 has seen to it that each of these comes once at most, and is there if it must be.
    if (name.starts_with(':')) {
        if (name == ":method")
            m_request.method = value;
        else if (name == ":path")
            m_request.target = value;
        else if (name == ":authority")
            m_request.authority = value;
        else if (name == ":scheme")
            m_scheme = value;
        return true;
    }
    if (name == "host") {
        m_host = value;
    } else if (name == "cookie") {
        // RFC 9113, 8.2.3
        if (!m_cookies.empty())
            m_cookies += "; ";
        m_cookies += value;
    } else if (name == "content-length") {
        m_request.length = parseLength(value);
        return m_request.length.has_value();
    } else {
        m_request.fields.emplace_back(name, value);
    }
    return true;
}

bool ServerStream::endFields(bool isLast)
{
    if (m_hasHead)
        return true;
    m_hasHead = true;
    m_request.hasBody = !isLast;
    if (m_request.authority.empty() && m_host)
        m_request.authority = *m_host;
    removeHopFields(m_request.fields);
    if (!m_cookies.empty())
        m_request.fields.emplace_back("cookie", std::move(m_cookies));
    m_server.begin(std::static_pointer_cast<ServerStream>(shared_from_this()));
    return true;
}

void ServerStream::malformedField(std::string_view name)
{
    // It is hostile text, and goes into a log.
    constexpr std::size_t kMostShown = 40;
    const bool isShown = !name.empty() && name.size() <= kMostShown &&
                         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
    m_flaw = isShown ? std::format("its field \"{}\" is malformed", name)
                     : "a field of its head is malformed";
}

/// What nghttp2 resets for its head is seen by nobody else.
void ServerStream::malformed()
{
    if (m_hasHead)
        return;
    m_server.wasMalformed(
        {ErrorCode::Protocol,
         m_flaw.empty() ? "its head is malformed (RFC 9113, 8.2 and 8.3)" : m_flaw,
         {}});
}

std::optional<ServerStream::Refusal> ServerStream::refusal() const
{
    using enum ErrorCode;
    if (m_isTooLarge)
        return Refusal{431, HeadTooLarge, "its head is too large"};
    if (m_request.method == "CONNECT")
        return Refusal{501, NotBuilt, "CONNECT over HTTP/2 is not known here"};
    if (m_scheme != "http" && m_scheme != "https")
        return Refusal{400, BadRequest, "its scheme is neither http nor https"};
    if (m_host && !m_request.authority.empty() && !equalsIgnoringCase(*m_host, m_request.authority))
        return Refusal{400, BadRequest, "its host and its authority are not the same"};
    if (m_request.authority.contains('@') || (m_host && m_host->contains('@')))
        return Refusal{400, BadRequest, "its authority names a user"};
    if (!m_request.target.starts_with('/') &&
        !(m_request.target == "*" && m_request.method == "OPTIONS"))
        return Refusal{400, BadRequest, "its path does not begin with a slash"};
    return std::nullopt;
}

void ServerStream::refuse(const Refusal& refusal)
{
    const std::string body = refusedHeadBody(Error{refusal.code, std::string(refusal.why), {}});
    ResponseHead head;
    head.status = refusal.status;
    head.fields.emplace_back("content-type", "application/json");
    head.length = body.size();
    head.hasBody = m_request.method != "HEAD";
    if (submitHead(head) && head.hasBody) {
        sendCopied(body);
        beginSending(std::nullopt);
        static_cast<void>(endSending({}));
    }
    handled();
}

// ---- the answer --------------------------------------------------------------------------------

Result<void> ServerStream::submitHead(const ResponseHead& head)
{
    if (isOver())
        return fail(ErrorCode::Unavailable, "the one who asked has gone");
    if (m_isAnswered)
        return fail(ErrorCode::Internal, "a request is answered twice");
    const std::string status = std::to_string(head.status);
    Http2Fields fields;
    fields.add(":status", status);
    fields.addAll(head.fields);
    const bool isInterim = head.status / 100 == 1;
    if (head.length && !isInterim && head.status != 204)
        fields.addLength(*head.length);
    int submitted = 0;
    if (isInterim) {
        submitted = nghttp2_submit_headers(m_session->handle(), NGHTTP2_FLAG_NONE, m_id, nullptr,
                                           fields.data(), fields.size(), nullptr);
    } else {
        m_isAnswered = true;
        const nghttp2_data_provider2 source = Http2Session::bodySource();
        const bool hasBody = head.hasBody && m_request.method != "HEAD";
        submitted = nghttp2_submit_response2(m_session->handle(), m_id, fields.data(),
                                             fields.size(), hasBody ? &source : nullptr);
        m_hasEndedSending = !hasBody;
        beginSending(head.length);
    }
    if (submitted != 0)
        return fail(ErrorCode::Internal, std::format("HTTP/2: {}", nghttp2_strerror(submitted)));
    m_session->wake();
    return {};
}

Task<Result<void>> ServerStream::inform(const ResponseHead& head)
{
    if (head.status / 100 != 1 || head.status == 101) // RFC 9113, 8.6
        co_return fail(ErrorCode::Internal, "this is no interim answer of HTTP/2");
    co_return submitHead(head);
}

Task<Result<void>> ServerStream::head(const ResponseHead& head)
{
    if (head.status < 200)
        co_return fail(ErrorCode::Internal, "an interim answer cannot be the last");
    co_return submitHead(head);
}

void ServerStream::abort()
{
    reset(NGHTTP2_INTERNAL_ERROR);
}

Task<void> ServerStream::waitGone()
{
    const auto self = shared_from_this();
    while (!isOver()) {
        co_await m_changed.wait();
        if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
            co_return;
    }
}

void ServerStream::handled()
{
    m_isHandled = true;
    if (!m_hasEndedSending)
        abort();
    else if (m_hasSentAll)
        leaveRest();
}

void ServerStream::sentAll()
{
    m_hasSentAll = true;
    if (m_isHandled)
        leaveRest();
}

/// The answer has gone, and the rest of the request is of no use (RFC 9113, 8.1).
void ServerStream::leaveRest()
{
    if (isOver() || m_hasAllReceived)
        return;
    nghttp2_submit_rst_stream(m_session->handle(), NGHTTP2_FLAG_NONE, m_id, NGHTTP2_NO_ERROR);
    m_session->wake();
}

} // namespace

Task<void> serveHttp2(Stream& stream, std::string alreadyRead, Handler handler,
                      Http2Patience patience, std::function<void(const Error&)> onMalformed)
{
    // When the caller is cancelled, the read ends; what then has to be waited for must not throw.
    const bool throws = co_await api::asio::this_coro::throw_if_cancelled();
    co_await api::asio::this_coro::throw_if_cancelled(false);
    const auto session =
        std::make_shared<ServerSession>(co_await api::asio::this_coro::executor, std::move(handler),
                                        patience, std::move(onMalformed));
    session->watch();
    co_await session->run(stream, std::move(alreadyRead));
    co_await session->waitHandlers();
    co_await api::asio::this_coro::throw_if_cancelled(throws);
}

} // namespace caisson::keeper::http
