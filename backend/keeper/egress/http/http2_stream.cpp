// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http2_session.h"

#include <boost/asio/this_coro.hpp>
#include <format>

namespace caisson::keeper::http {

using api::Task;

namespace {

/// The window of a stream that nobody reads: 65,535 as RFC 9113, 6.9.2 has it. So much may lie in
/// here for each request that waits for a person.
constexpr std::size_t kReadBeforeWide = 32 * 1024;
/// That of one that is read. A few may have it at a time, so that a hostile peer fills at most
/// kMaxHttp2Streams * 64 KiB + kMostWide * 192 KiB = 11 MiB.
constexpr std::int32_t kWideWindow = 256 * 1024;
/// What send() copies, so that what is small goes with its head and its end.
constexpr std::size_t kMostCopied = 16 * 1024;

} // namespace

Http2Stream::Http2Stream(std::shared_ptr<Http2Session> session)
    : m_session(std::move(session))
    , m_changed(m_session->executor())
{
}

bool Http2Stream::isReady() const
{
    return !m_incoming.empty() || m_hasAllReceived || isOver();
}

Task<Result<std::span<const char>>> Http2Stream::next()
{
    const auto self = shared_from_this();
    release();
    for (;;) {
        if (!m_incoming.empty()) {
            std::swap(m_handed, m_incoming);
            m_read += m_handed.size();
            co_return std::span<const char>(m_handed);
        }
        if (m_failure)
            co_return std::unexpected(*m_failure);
        if (m_hasAllReceived)
            co_return std::span<const char>();
        co_await m_changed.wait();
        if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
            co_return fail(ErrorCode::Cancelled, "reading a body: cancelled");
    }
}

void Http2Stream::release()
{
    if (m_handed.empty())
        return;
    if (!isOver() && !m_hasAllReceived && !m_session->isOver()) {
        nghttp2_session* session = m_session->handle();
        nghttp2_session_consume_stream(session, m_id, m_handed.size());
        if (!m_isWide && m_read >= kReadBeforeWide && m_session->mayWiden()) {
            m_isWide = true;
            nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, m_id, kWideWindow);
        }
        m_session->wake();
    }
    m_handed.clear();
}

void Http2Stream::arrived(std::span<const char> bytes)
{
    if (m_failure)
        return;
    m_incoming.append(bytes.data(), bytes.size());
    m_changed.notifyAll();
}

Error Http2Stream::sendingFailure() const
{
    return m_failure.value_or(
        Error{ErrorCode::Unavailable, "the other end takes no more of this message", {}});
}

bool Http2Stream::mayCopy(std::size_t size) const
{
    if (!m_pending.empty() || m_copied.size() - m_copiedTaken + size > kMostCopied)
        return false;
    nghttp2_session* session = m_session->handle();
    // -1: its head has not gone out yet, so its window is whole.
    return nghttp2_session_get_stream_remote_window_size(session, m_id) != 0 &&
           nghttp2_session_get_remote_window_size(session) > 0;
}

Task<Result<void>> Http2Stream::send(std::span<const char> bytes)
{
    const auto self = shared_from_this();
    if (isOver())
        co_return std::unexpected(sendingFailure());
    if (m_hasEndedSending || !m_pending.empty())
        co_return fail(ErrorCode::Internal, "a body goes on after its end, or twice at a time");
    if (bytes.empty())
        co_return Result<void>{};
    if (m_toSend) {
        if (bytes.size() > *m_toSend)
            co_return fail(ErrorCode::Protocol, "the body is longer than was said");
        *m_toSend -= bytes.size();
    }
    if (mayCopy(bytes.size())) {
        if (m_copiedTaken > 0) {
            m_copied.erase(0, m_copiedTaken);
            m_copiedTaken = 0;
        }
        m_copied.append(bytes.data(), bytes.size());
        nghttp2_session_resume_data(m_session->handle(), m_id);
        m_session->wake();
        co_return Result<void>{};
    }

    // Also when this coroutine is destroyed: the bytes are the caller's.
    struct Pending
    {
        std::span<const char>& bytes;
        ~Pending() { bytes = {}; }
    } pending{m_pending};
    m_pending = bytes;
    nghttp2_session_resume_data(m_session->handle(), m_id);
    m_session->wake();
    while (!m_pending.empty()) {
        co_await m_changed.wait();
        if (isOver())
            co_return std::unexpected(sendingFailure());
        if (m_pending.empty())
            break;
        if (wasCancelled(co_await api::asio::this_coro::cancellation_state)) {
            reset(NGHTTP2_CANCEL); // nobody knows how much of it has gone
            co_return fail(ErrorCode::Cancelled, "sending a body: cancelled");
        }
    }
    co_return Result<void>{};
}

Result<void> Http2Stream::endSending(const Fields& trailers)
{
    if (isOver())
        return std::unexpected(sendingFailure());
    if (m_hasEndedSending)
        return fail(ErrorCode::Internal, "a body ends twice");
    if (m_toSend.value_or(0) > 0)
        return fail(ErrorCode::Protocol, "the body is shorter than was said");
    m_hasEndedSending = true;
    m_trailersToSend = trailers;
    nghttp2_session_resume_data(m_session->handle(), m_id);
    m_session->wake();
    return {};
}

void Http2Stream::take(std::size_t size, std::string& to)
{
    const std::size_t copied = std::min(size, m_copied.size() - m_copiedTaken);
    to.append(m_copied, m_copiedTaken, copied);
    m_copiedTaken += copied;
    if (m_copiedTaken == m_copied.size()) {
        m_copied.clear();
        m_copiedTaken = 0;
    }
    size -= copied;
    if (size == 0)
        return;
    to.append(m_pending.data(), size);
    m_pending = m_pending.subspan(size);
    if (m_pending.empty())
        m_changed.notifyAll();
}

void Http2Stream::reset(std::uint32_t code)
{
    if (isOver())
        return;
    m_incoming.clear();
    if (m_id > 0 && !m_session->isOver()) {
        nghttp2_submit_rst_stream(m_session->handle(), NGHTTP2_FLAG_NONE, m_id, code);
        m_session->wake();
    }
    failWith(Error{ErrorCode::Cancelled, "the request was broken off", {}});
}

void Http2Stream::failWith(Error why)
{
    if (!m_failure)
        m_failure = std::move(why);
    m_pending = {};
    m_copied.clear();
    m_copiedTaken = 0;
    m_changed.notifyAll();
}

void Http2Stream::closed(std::uint32_t code)
{
    m_isClosed = true;
    if (m_isWide)
        --m_session->m_wide;
    if (code != NGHTTP2_NO_ERROR || !m_hasAllReceived)
        failWith(Error{
            ErrorCode::Unavailable,
            std::format("the other end broke the request off ({})", nghttp2_http2_strerror(code)),
            {}});
    m_changed.notifyAll();
    ended(code);
}

bool Http2Stream::countField(std::string_view name, std::string_view value)
{
    m_fieldBytes += name.size() + value.size() + 32;
    return m_fieldBytes <= kMaxFieldBytes;
}

bool Http2Stream::addTrailer(std::string_view name, std::string_view value)
{
    if (!countField(name, value))
        return false;
    // What frames a message, or says where it goes, is too late here (RFC 9110, 6.5.1).
    if (name != "content-length" && name != "host")
        m_trailers.emplace_back(name, value);
    return true;
}

} // namespace caisson::keeper::http
