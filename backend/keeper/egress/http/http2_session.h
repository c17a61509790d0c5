// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <chrono>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <string>
#include <unordered_map>

/// What both sides of HTTP/2 (RFC 9113) share. nghttp2 keeps the protocol; here it is given a
/// connection, bodies that hold their sender up, and bounds.
namespace caisson::keeper::http {

/// At once on one connection.
constexpr std::uint32_t kMaxHttp2Streams = 128;
/// Names, values and 32 bytes a field (RFC 9113, 6.5.2).
constexpr std::size_t kMaxFieldBytes = 64 * 1024;

class Http2Session;

/// Lets so many pass at once, and so many a second in the long run.
class Allowance
{
public:
    Allowance(double atOnce, double perSecond);
    /// False when it is used up.
    bool take();

private:
    double m_atOnce;
    double m_perSecond;
    double m_left;
    std::chrono::steady_clock::time_point m_counted;
};

/// One request and its answer on a connection: the body that comes, the body that goes, and the end.
///
/// What came and was not asked for lies in here; the sender gets a new window only for what next()
/// has handed out and was called again for. What goes is taken from the caller's own memory, except
/// that a little is copied, so that an answer's head, body and end travel together.
class Http2Stream : public Body, public std::enable_shared_from_this<Http2Stream>
{
public:
    explicit Http2Stream(std::shared_ptr<Http2Session> session);
    ~Http2Stream() override = default;

    api::Task<Result<std::span<const char>>> next() override;
    bool isReady() const override;
    const Fields& trailers() const override { return m_trailers; }

    /// Returns when the peer's window has taken all of it but a little. One at a time.
    api::Task<Result<void>> send(std::span<const char> bytes);
    Result<void> endSending(const Fields& trailers);
    /// Breaks it off: RST_STREAM, and whoever waits here fails.
    void reset(std::uint32_t code);
    bool isOver() const { return m_isClosed || m_failure.has_value(); }
    /// Bytes that wait here, in either direction.
    std::size_t buffered() const { return m_incoming.size() + m_handed.size() + m_copied.size(); }

protected:
    friend class Http2Session;

    /// The fields of a head or trailers begin, come, and are complete. False resets the stream.
    virtual bool beginFields() = 0;
    virtual bool addField(std::string_view name, std::string_view value) = 0;
    virtual bool endFields(bool isLast) = 0;
    /// One of them is malformed; then, that the stream is reset for what came. From within nghttp2.
    virtual void malformedField(std::string_view name) { static_cast<void>(name); }
    virtual void malformed() {}
    /// It is over and forgotten by the connection. `code`: of its RST_STREAM.
    virtual void ended(std::uint32_t code) { static_cast<void>(code); }
    /// Its head has gone out; the last frame of it has.
    virtual void sentHead() {}
    virtual void sentAll() {}

    /// Bounds what one head or trailers may hold.
    bool countField(std::string_view name, std::string_view value);
    bool addTrailer(std::string_view name, std::string_view value);
    void failWith(Error why);
    /// As send(), for what is short and has no window to fear.
    void sendCopied(std::string_view bytes) { m_copied.append(bytes); }
    /// `length`: what content-length promised.
    void beginSending(std::optional<std::uint64_t> length) { m_toSend = length; }

    std::shared_ptr<Http2Session> m_session;
    std::int32_t m_id = 0; ///< 0: not begun
    std::size_t m_fieldBytes = 0;
    Fields m_trailers;
    bool m_hasAllReceived = false; ///< END_STREAM came
    bool m_hasEndedSending = false;
    bool m_isClosed = false; ///< the connection knows it no more
    std::optional<Error> m_failure;
    api::Notifier m_changed; ///< something came, or went, or it is over

private:
    void arrived(std::span<const char> bytes);
    void closed(std::uint32_t code);
    Error sendingFailure() const;
    std::size_t waitingToGo() const { return m_copied.size() - m_copiedTaken + m_pending.size(); }
    void take(std::size_t size, std::string& to);
    bool mayCopy(std::size_t size) const;
    void release();

    std::string m_incoming; ///< came and waits
    std::string m_handed;   ///< what next() gave last
    std::size_t m_read = 0; ///< in all
    bool m_isWide = false;  ///< its window was widened

    std::string m_copied; ///< to go
    std::size_t m_copiedTaken = 0;
    std::span<const char> m_pending; ///< to go after it: the caller's
    std::optional<std::uint64_t> m_toSend;
    Fields m_trailersToSend;
};

/// A connection: nghttp2's session between one reader and one writer.
class Http2Session : public std::enable_shared_from_this<Http2Session>
{
public:
    enum class Side { Server, Client };

    Http2Session(const api::asio::any_io_executor& executor, Side side);
    virtual ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    /// Serves `stream` until the connection is over; every Http2Stream on it has failed or is
    /// complete then, and nothing uses `stream` any more.
    api::Task<void> run(Stream& stream, std::string alreadyRead);
    /// Says GOAWAY and ends.
    void terminate(std::uint32_t code);
    bool isOver() const { return m_isOver; }
    std::size_t streams() const { return m_streams.size(); }

    const api::asio::any_io_executor& executor() const { return m_executor; }
    nghttp2_session* handle() const { return m_handle.get(); }
    /// There may be something to write.
    void wake();
    void addStream(std::int32_t id, std::shared_ptr<Http2Stream> stream);
    /// What a head is submitted with when a body follows.
    static nghttp2_data_provider2 bodySource();

protected:
    /// A request begins; null refuses it. Only the server is asked.
    virtual std::shared_ptr<Http2Stream> accept() { return nullptr; }
    /// What came was taken in, or something has ended: outside of nghttp2's callbacks.
    virtual void turnEnded() {}
    virtual void goingAway() {}
    /// The peer's SETTINGS, of which the first follow its preface.
    virtual void settingsCame() {}
    /// RST_STREAM was sent, by nghttp2 or by us.
    virtual void resetSent(std::uint32_t code) { static_cast<void>(code); }
    /// GOAWAY was.
    virtual void goAwaySent(std::uint32_t code) { static_cast<void>(code); }

private:
    friend class Http2Stream;
    struct Callbacks;
    struct Deleter
    {
        void operator()(nghttp2_session* session) const;
    };

    api::Task<void> readLoop(Stream& stream);
    static api::Task<void> writeLoop(std::shared_ptr<Http2Session> self, Stream& stream);
    bool takeIn(std::span<const char> bytes);
    void gather();
    void lose(const Error& why);
    std::shared_ptr<Http2Stream> find(std::int32_t id) const;
    /// Whether one more stream may have a wide window.
    bool mayWiden() { return m_wide < kMostWide && (++m_wide, true); }
    void idleFrameCame();
    void endSoon();

    static constexpr int kMostWide = 16;

    api::asio::any_io_executor m_executor;
    std::unique_ptr<nghttp2_session, Deleter> m_handle;
    std::unordered_map<std::int32_t, std::shared_ptr<Http2Stream>> m_streams;
    std::string m_out;
    Allowance m_idleFrames;
    api::Notifier m_wake;    ///< the writer
    api::Notifier m_drained; ///< the reader, and run()
    api::asio::steady_timer m_deadline;
    Stream* m_stream = nullptr; ///< while run() runs
    int m_wide = 0;
    bool m_writerWaits = false;
    bool m_isWriting = false;
    bool m_readerWaits = false;
    bool m_isEnding = false;
    bool m_isOver = false;
};

/// Whether the coroutine that looks was cancelled while it waited.
inline bool wasCancelled(const api::asio::cancellation_state& state)
{
    return state.cancelled() != api::asio::cancellation_type::none;
}

} // namespace caisson::keeper::http
