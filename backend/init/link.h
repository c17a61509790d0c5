// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/base/error.h"
#include "backend/init/task.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace caisson::init {

/// The stream to the keeper, as frames. Its thread is the loop's.
class Link
{
public:
    /// `descriptor`: a connected Unix stream socket, owned from now on.
    Link(asio::io_context& loop, int descriptor);

    /// Hands each frame to `handle` until the keeper closes the stream (success), it breaks the
    /// protocol or `handle` fails.
    Task<Result<void>> readFrames(std::function<Result<void>(api::Frame)> handle);

    /// Queues a frame. Never blocks, never refuses: those with much to say wait for room() first.
    void send(std::string frame);
    void sendEvent(std::string op, std::uint32_t channel, std::string body);
    void sendFailed(std::uint32_t channel, const Error& error);

    /// Whether so little is queued that more Data may be read from where it comes from. What waits
    /// here is the memory a slow keeper costs.
    bool hasRoom() const { return m_queuedBytes < kRoom; }
    Task<void> room();

private:
    static constexpr std::size_t kRoom = 256 * 1024;

    Task<void> writeFrames();

    asio::local::stream_protocol::socket m_socket;
    std::deque<std::string> m_queue;
    std::size_t m_queuedBytes = 0;
    bool m_broken = false;
    Notifier m_filled;
    Notifier m_drained;
};

} // namespace caisson::init
