// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/link.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <vector>

namespace caisson::init {

namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

/// Frames given to the kernel in one writev(2).
constexpr std::size_t kFramesAtOnce = 16;

} // namespace

Link::Link(asio::io_context& loop, int descriptor)
    : m_socket(loop, asio::local::stream_protocol(), descriptor)
{
    spawnDetached(m_socket.get_executor(), writeFrames());
}

Task<Result<void>> Link::readFrames(std::function<Result<void>(api::Frame)> handle)
{
    api::FrameReader reader;
    for (;;) {
        std::size_t capacity = 0;
        char* const room = reader.prepare(capacity);
        const auto [error, size] =
            co_await m_socket.async_read_some(asio::buffer(room, capacity), kAwaitTuple);
        if (error) // an end or a reset: either way the keeper is gone
            co_return Result<void>{};
        reader.commit(size);
        for (;;) {
            Result<std::optional<api::Frame>> frame = reader.next();
            if (!frame)
                co_return std::unexpected(frame.error());
            if (!*frame)
                break;
            if (Result<void> handled = handle(std::move(**frame)); !handled)
                co_return handled;
        }
    }
}

void Link::send(std::string frame)
{
    if (m_broken)
        return;
    m_queuedBytes += frame.size();
    m_queue.push_back(std::move(frame));
    m_filled.notifyAll();
}

void Link::sendEvent(std::string op, std::uint32_t channel, std::string body)
{
    send(api::encodeControl({.op = std::move(op), .channel = channel, .body = std::move(body)}));
}

void Link::sendFailed(std::uint32_t channel, const Error& error)
{
    send(api::encodeControl({.op = "failed", .channel = channel, .error = error}));
}

Task<void> Link::room()
{
    while (!hasRoom())
        co_await m_drained.wait();
}

Task<void> Link::writeFrames()
{
    std::vector<asio::const_buffer> buffers;
    for (;;) {
        while (m_queue.empty())
            co_await m_filled.wait();
        buffers.clear();
        const std::size_t count = std::min(m_queue.size(), kFramesAtOnce);
        for (std::size_t i = 0; i < count; ++i)
            buffers.emplace_back(asio::buffer(m_queue[i]));
        const auto [error, size] = co_await asio::async_write(m_socket, buffers, kAwaitTuple);
        if (error) {
            // readFrames() sees the end of the stream too, and ends the session.
            m_broken = true;
            m_queue.clear();
            m_queuedBytes = 0;
            m_drained.notifyAll();
            co_return;
        }
        m_queue.erase(m_queue.begin(), m_queue.begin() + static_cast<std::ptrdiff_t>(count));
        m_queuedBytes -= size;
        if (hasRoom())
            m_drained.notifyAll();
    }
}

} // namespace caisson::init
