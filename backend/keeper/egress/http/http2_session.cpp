// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http2_session.h"

#include "backend/keeper/egress/http/http2_fields.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <format>
#include <new>

namespace caisson::keeper::http {

using api::Task;
using namespace std::chrono_literals;

namespace {

/// The connection's holds nobody up: what came in is counted off at once, the streams' bound it.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;

constexpr std::size_t kReadRoom = 32 * 1024;
/// What is put together for one write.
constexpr std::size_t kMostGathered = 64 * 1024;
/// Frames that answer the peer's and wait to be written: with more, nothing is read.
constexpr std::size_t kMostQueued = 1024;
/// nghttp2 gives a connection up with so many. More than kMostQueued and what one read can bring.
constexpr std::size_t kMostAcks = 4096;
/// Frames that carry nothing (CVE-2019-9513, -9518).
constexpr double kIdleFramesAtOnce = 1000;
constexpr double kIdleFramesPerSecond = 100;
/// For a peer to take the last frames and close.
constexpr auto kEndingTime = 1s;
/// A head may travel so large; nghttp2's own limit is what we accept, and names grow when coded.
constexpr std::size_t kMostHeadSent = 256 * 1024;

} // namespace

// ---- Allowance ---------------------------------------------------------------------------------

Allowance::Allowance(double atOnce, double perSecond)
    : m_atOnce(atOnce)
    , m_perSecond(perSecond)
    , m_left(atOnce)
    , m_counted(std::chrono::steady_clock::now())
{
}

bool Allowance::take()
{
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - m_counted;
    m_counted = now;
    m_left = std::min(m_atOnce, m_left + passed.count() * m_perSecond);
    if (m_left < 1)
        return false;
    m_left -= 1;
    return true;
}

// ---- nghttp2's callbacks -----------------------------------------------------------------------

struct Http2Session::Callbacks
{
    static Http2Session& of(void* data) { return *static_cast<Http2Session*>(data); }
    static std::string_view text(const std::uint8_t* bytes, std::size_t size)
    {
        return {reinterpret_cast<const char*>(bytes), size};
    }

    static int onBeginFrame(nghttp2_session*, const nghttp2_frame_hd* head, void* data)
    {
        const bool isEmptyData = head->type == NGHTTP2_DATA && head->length == 0 &&
                                 (head->flags & NGHTTP2_FLAG_END_STREAM) == 0;
        const bool isSettings =
            head->type == NGHTTP2_SETTINGS && (head->flags & NGHTTP2_FLAG_ACK) == 0;
        if (isEmptyData || isSettings || head->type == NGHTTP2_PRIORITY ||
            head->type > NGHTTP2_CONTINUATION)
            of(data).idleFrameCame();
        return 0;
    }

    static int onBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* data)
    {
        Http2Session& self = of(data);
        const std::int32_t id = frame->hd.stream_id;
        if (frame->hd.type != NGHTTP2_HEADERS)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            auto stream = self.accept();
            if (!stream) {
                nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
            }
            self.addStream(id, std::move(stream));
        }
        const auto stream = self.find(id);
        return stream && stream->beginFields() ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }

    static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                        std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                        std::uint8_t, void* data)
    {
        const auto at = of(data).m_streams.find(frame->hd.stream_id);
        return at != of(data).m_streams.end() &&
                       at->second->addField(text(name, nameSize), text(value, valueSize))
                   ? 0
                   : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }

    static int onInvalidHeader(nghttp2_session*, const nghttp2_frame* frame,
                               const std::uint8_t* name, std::size_t nameSize, const std::uint8_t*,
                               std::size_t, std::uint8_t, void* data)
    {
        if (const auto stream = of(data).find(frame->hd.stream_id))
            stream->malformedField(text(name, nameSize));
        // Left to itself, nghttp2 skips such a field: then two readers see two messages.
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }

    static int onInvalidFrame(nghttp2_session*, const nghttp2_frame* frame, int, void* data)
    {
        const auto stream = of(data).find(frame->hd.stream_id);
        if (stream && frame->hd.type == NGHTTP2_HEADERS)
            stream->malformed();
        return 0;
    }

    static int onFrame(nghttp2_session* session, const nghttp2_frame* frame, void* data)
    {
        Http2Session& self = of(data);
        if (frame->hd.type == NGHTTP2_GOAWAY)
            self.goingAway();
        if (frame->hd.type == NGHTTP2_SETTINGS)
            self.settingsCame();
        if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
            return 0;
        const auto stream = self.find(frame->hd.stream_id);
        if (!stream)
            return 0;
        const bool isLast = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (isLast) {
            stream->m_hasAllReceived = true;
            stream->m_changed.notifyAll();
        }
        if (frame->hd.type == NGHTTP2_HEADERS) {
            if (!stream->endFields(isLast))
                nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                          NGHTTP2_PROTOCOL_ERROR);
        } else if (!isLast && frame->hd.length > 0 && frame->hd.length == frame->data.padlen) {
            self.idleFrameCame();
        }
        return 0;
    }

    static int onData(nghttp2_session* session, std::uint8_t, std::int32_t id,
                      const std::uint8_t* bytes, std::size_t size, void* data)
    {
        // The stream's own window bounds what lies here unread; a stream that waits for a person must
        // not take the connection's from all others.
        nghttp2_session_consume_connection(session, size);
        const auto at = of(data).m_streams.find(id);
        if (at != of(data).m_streams.end())
            at->second->arrived({reinterpret_cast<const char*>(bytes), size});
        return 0;
    }

    static int onFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* data)
    {
        if (frame->hd.type == NGHTTP2_RST_STREAM)
            of(data).resetSent(frame->rst_stream.error_code);
        if (frame->hd.type == NGHTTP2_GOAWAY)
            of(data).goAwaySent(frame->goaway.error_code);
        if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
            return 0;
        const auto stream = of(data).find(frame->hd.stream_id);
        if (stream && frame->hd.type == NGHTTP2_HEADERS)
            stream->sentHead();
        if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
            stream->sentAll();
        return 0;
    }

    static int onFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error, void* data)
    {
        const auto stream = of(data).find(frame->hd.stream_id);
        if (frame->hd.type != NGHTTP2_HEADERS || !stream)
            return 0;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            // It was never opened: nothing more will be heard of it.
            const bool isLate = error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED ||
                                error == NGHTTP2_ERR_SESSION_CLOSING;
            of(data).m_streams.erase(frame->hd.stream_id);
            stream->closed(isLate ? NGHTTP2_REFUSED_STREAM : NGHTTP2_INTERNAL_ERROR);
        } else {
            stream->reset(NGHTTP2_INTERNAL_ERROR);
        }
        return 0;
    }

    static int onStreamClose(nghttp2_session*, std::int32_t id, std::uint32_t code, void* data)
    {
        if (const auto stream = of(data).find(id)) {
            of(data).m_streams.erase(id);
            stream->closed(code);
        }
        return 0;
    }

    static nghttp2_ssize onReadSource(nghttp2_session* session, std::int32_t id, std::uint8_t*,
                                      std::size_t most, std::uint32_t* flags, nghttp2_data_source*,
                                      void* data)
    {
        const auto at = of(data).m_streams.find(id);
        if (at == of(data).m_streams.end() || at->second->isOver())
            return NGHTTP2_ERR_DEFERRED; // its RST_STREAM is on its way
        Http2Stream& stream = *at->second;
        const std::size_t waiting = stream.waitingToGo();
        const std::size_t size = std::min(waiting, most);
        if (size == waiting && stream.m_hasEndedSending) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            Http2Fields trailers;
            trailers.addAll(stream.m_trailersToSend);
            if (trailers.size() > 0) {
                *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
                if (nghttp2_submit_trailer(session, id, trailers.data(), trailers.size()) != 0)
                    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
            }
        } else if (size == 0) {
            return NGHTTP2_ERR_DEFERRED;
        }
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        return static_cast<nghttp2_ssize>(size);
    }

    static int onSendData(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                          std::size_t size, nghttp2_data_source*, void* data)
    {
        constexpr std::size_t kFrameHead = 9;
        Http2Session& self = of(data);
        if (self.m_out.size() >= kMostGathered)
            return NGHTTP2_ERR_WOULDBLOCK;
        const auto at = self.m_streams.find(frame->hd.stream_id);
        // The writer was cancelled after nghttp2 had asked how much there is.
        if (at == self.m_streams.end() || at->second->isOver() || at->second->waitingToGo() < size)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        self.m_out.append(text(head, kFrameHead));
        at->second->take(size, self.m_out);
        return 0;
    }

    static nghttp2_session_callbacks* make()
    {
        nghttp2_session_callbacks* callbacks = nullptr;
        if (nghttp2_session_callbacks_new(&callbacks) != 0)
            throw std::bad_alloc();
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, onInvalidHeader);
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalidFrame);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent);
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, onFrameNotSent);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose);
        nghttp2_session_callbacks_set_send_data_callback(callbacks, onSendData);
        return callbacks;
    }

    static nghttp2_option* makeOptions()
    {
        nghttp2_option* option = nullptr;
        if (nghttp2_option_new(&option) != 0)
            throw std::bad_alloc();
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_option_set_max_outbound_ack(option, kMostAcks);
        nghttp2_option_set_max_send_header_block_length(option, kMostHeadSent);
        return option;
    }
};

// ---- Http2Session ------------------------------------------------------------------------------

void Http2Session::Deleter::operator()(nghttp2_session* session) const
{
    nghttp2_session_del(session);
}

Http2Session::Http2Session(const api::asio::any_io_executor& executor, Side side)
    : m_executor(executor)
    , m_idleFrames(kIdleFramesAtOnce, kIdleFramesPerSecond)
    , m_wake(executor)
    , m_drained(executor)
    , m_deadline(executor)
{
    static nghttp2_session_callbacks* const callbacks = Callbacks::make();
    static nghttp2_option* const options = Callbacks::makeOptions();
    nghttp2_session* session = nullptr;
    const int made = side == Side::Server
                         ? nghttp2_session_server_new2(&session, callbacks, this, options)
                         : nghttp2_session_client_new2(&session, callbacks, this, options);
    if (made != 0)
        throw std::bad_alloc();
    m_handle.reset(session);

    std::vector<nghttp2_settings_entry> settings{
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxFieldBytes}};
    if (side == Side::Server) {
        settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxHttp2Streams});
        // A tree of priorities is work and memory that a peer decides on (RFC 9218, 2.1).
        settings.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
    } else {
        settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
    }
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Session::~Http2Session() = default;

void Http2Session::addStream(std::int32_t id, std::shared_ptr<Http2Stream> stream)
{
    stream->m_id = id;
    m_streams[id] = std::move(stream);
}

std::shared_ptr<Http2Stream> Http2Session::find(std::int32_t id) const
{
    const auto at = m_streams.find(id);
    return at == m_streams.end() ? nullptr : at->second;
}

nghttp2_data_provider2 Http2Session::bodySource()
{
    nghttp2_data_provider2 provider{};
    provider.read_callback = Callbacks::onReadSource;
    return provider;
}

void Http2Session::wake()
{
    if (std::exchange(m_writerWaits, false))
        m_wake.notifyAll();
}

void Http2Session::terminate(std::uint32_t code)
{
    if (m_isOver)
        return;
    nghttp2_session_terminate_session(m_handle.get(), code);
    endSoon();
    wake();
}

void Http2Session::endSoon()
{
    if (std::exchange(m_isEnding, true))
        return;
    m_deadline.expires_after(kEndingTime);
    m_deadline.async_wait([weak = weak_from_this()](const boost::system::error_code& code) {
        const auto self = weak.lock();
        if (!code && self && self->m_stream)
            self->m_stream->cancel(Stream::Ending::Close);
    });
}

void Http2Session::idleFrameCame()
{
    if (!m_idleFrames.take())
        terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

bool Http2Session::takeIn(std::span<const char> bytes)
{
    if (m_isOver)
        return true; // until the peer has seen our end
    const nghttp2_ssize taken = nghttp2_session_mem_recv2(
        m_handle.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0)
        return false;
    if (nghttp2_session_want_read(m_handle.get()) == 0)
        endSoon();
    turnEnded();
    wake();
    return true;
}

void Http2Session::gather()
{
    while (!m_isOver && m_out.size() < kMostGathered) {
        const std::uint8_t* bytes = nullptr;
        const nghttp2_ssize size = nghttp2_session_mem_send2(m_handle.get(), &bytes);
        if (size < 0)
            lose(Error{ErrorCode::Internal,
                       std::format("HTTP/2: {}", nghttp2_strerror(static_cast<int>(size))),
                       {}});
        if (size <= 0)
            break;
        m_out.append(Callbacks::text(bytes, static_cast<std::size_t>(size)));
    }
    turnEnded();
}

void Http2Session::lose(const Error& why)
{
    if (std::exchange(m_isOver, true))
        return;
    for (const auto& [id, stream] : std::exchange(m_streams, {})) {
        if (!stream->m_hasAllReceived || !stream->m_hasEndedSending)
            stream->failWith(why);
        stream->closed(stream->m_failure ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_NO_ERROR);
    }
    turnEnded();
}

Task<void> Http2Session::run(Stream& stream, std::string alreadyRead)
{
    const auto self = shared_from_this();
    m_stream = &stream;
    m_isWriting = true;
    api::spawnDetached(m_executor, writeLoop(self, stream), "writing HTTP/2");
    if (takeIn(alreadyRead))
        co_await readLoop(stream);
    lose(Error{ErrorCode::Unavailable, "the HTTP/2 connection has ended", {}});
    if (m_isWriting) {
        stream.cancel(Stream::Ending::Close);
        wake();
    }
    while (m_isWriting)
        co_await m_drained.wait();
    m_stream = nullptr;
    m_deadline.cancel();
}

Task<void> Http2Session::readLoop(Stream& stream)
{
    const auto room = std::make_unique_for_overwrite<char[]>(kReadRoom);
    for (;;) {
        while (m_isWriting &&
               nghttp2_session_get_outbound_queue_size(m_handle.get()) > kMostQueued) {
            m_readerWaits = true;
            co_await m_drained.wait();
            if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
                co_return;
        }
        const Result<std::size_t> size = co_await stream.read({room.get(), kReadRoom});
        if (!size || *size == 0 || !takeIn({room.get(), *size}))
            co_return;
    }
}

Task<void> Http2Session::writeLoop(std::shared_ptr<Http2Session> self, Stream& stream)
{
    for (;;) {
        self->gather();
        if (std::exchange(self->m_readerWaits, false))
            self->m_drained.notifyAll();
        if (!self->m_out.empty()) {
            const Result<void> written = co_await stream.write(self->m_out);
            self->m_out.clear();
            if (!written) {
                stream.cancel(Stream::Ending::Close); // the reader ends, and all with it
                break;
            }
            continue;
        }
        if (self->m_isOver)
            break;
        if (nghttp2_session_want_read(self->m_handle.get()) == 0 &&
            nghttp2_session_want_write(self->m_handle.get()) == 0) {
            self->lose(Error{ErrorCode::Unavailable, "the HTTP/2 connection was ended", {}});
            co_await stream.finish();
            self->endSoon();
            break;
        }
        if (self->m_streams.empty() && self->m_out.capacity() > kMostGathered)
            self->m_out.shrink_to_fit();
        self->m_writerWaits = true;
        co_await self->m_wake.wait();
    }
    self->m_isWriting = false;
    self->m_drained.notifyAll();
}

} // namespace caisson::keeper::http
