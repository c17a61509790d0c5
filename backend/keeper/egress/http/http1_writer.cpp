// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http1_writer.h"

#include "backend/keeper/egress/http/fields.h"

#include <array>
#include <charconv>

namespace caisson::keeper::http {

using api::Task;

namespace {

/// Copying so much is cheaper than a second packet, and a second TLS record.
constexpr std::size_t kCopied = 16 * 1024;

} // namespace

void appendField(std::string& text, std::string_view name, std::string_view value)
{
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

Http1Writer::Http1Writer(Stream& stream)
    : m_stream(stream)
{
}

void Http1Writer::beginMessage(std::string_view head, Framing framing, std::uint64_t length)
{
    m_pending += head;
    m_framing = framing;
    m_left = length;
}

Task<Result<void>> Http1Writer::write(std::span<const char> bytes)
{
    if (bytes.empty())
        co_return Result<void>{};
    if (m_framing == Framing::None)
        co_return fail(ErrorCode::Protocol, "a message without a body has one");
    if (m_framing == Framing::Length) {
        if (bytes.size() > m_left)
            co_return fail(ErrorCode::Protocol, "the body is longer than was said");
        m_left -= bytes.size();
    }
    if (m_framing == Framing::Chunked) {
        std::array<char, 20> size{};
        const auto [end, error] =
            std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
        m_pending.append(size.data(), end);
        m_pending += "\r\n";
    }
    if (m_framing == Framing::Chunked || m_pending.size() + bytes.size() <= kCopied) {
        m_pending.append(bytes.data(), bytes.size());
        if (m_framing == Framing::Chunked)
            m_pending += "\r\n";
        if (m_pending.size() <= kCopied)
            co_return Result<void>{};
        co_return co_await flush();
    }
    if (Result<void> flushed = co_await flush(); !flushed)
        co_return flushed;
    co_return co_await m_stream.write(bytes);
}

Task<Result<void>> Http1Writer::finish(const Fields& trailers)
{
    if (m_framing == Framing::Length && m_left > 0)
        co_return fail(ErrorCode::Protocol, "the body is shorter than was said");
    if (m_framing == Framing::Chunked) {
        m_pending += "0\r\n";
        for (const auto& [name, value] : trailers) {
            if (mayBeTrailer(name))
                appendField(m_pending, name, value);
        }
        m_pending += "\r\n";
    }
    m_framing = Framing::None;
    co_return co_await flush();
}

Task<Result<void>> Http1Writer::flush()
{
    if (m_pending.empty())
        co_return Result<void>{};
    const Result<void> written = co_await m_stream.write(m_pending);
    m_pending.clear();
    if (m_pending.capacity() > 4 * kCopied)
        m_pending.shrink_to_fit();
    co_return written;
}

} // namespace caisson::keeper::http
