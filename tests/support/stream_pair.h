// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <string>
#include <utility>

/// Two Streams whose ends meet in memory: what one writes, the other reads. Like a socket pair, a
/// direction holds `capacity` bytes and then its writer waits, each direction ends on its own, and a
/// reset is seen at once. The ends may be destroyed in any order.
namespace caisson::keeper {

class PairedStream : public Stream
{
public:
    /// One direction.
    struct Pipe
    {
        Pipe(const api::asio::any_io_executor& executor, std::size_t room)
            : capacity(room)
            , changed(executor)
        {
        }
        std::size_t capacity;
        std::string bytes;
        std::size_t total = 0; ///< ever written
        bool finished = false; ///< nothing more comes
        bool unread = false;   ///< nobody reads any more
        bool reset = false;
        api::Notifier changed;
    };

    PairedStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
        : m_in(std::move(in))
        , m_out(std::move(out))
    {
    }
    ~PairedStream() override { cancel(Ending::Close); }

    api::Task<Result<std::size_t>> read(std::span<char> room) override
    {
        const auto cancelled = m_cancelled;
        const auto in = m_in;
        for (;;) {
            if (*cancelled)
                co_return fail(ErrorCode::Cancelled, "reading: cancelled");
            if (in->reset)
                co_return fail(ErrorCode::Unavailable, "reading: reset by the other end");
            if (!in->bytes.empty() || in->finished)
                break;
            co_await in->changed.wait();
            if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
                co_return fail(ErrorCode::Cancelled, "reading: cancelled");
        }
        const std::size_t size = std::min(room.size(), in->bytes.size());
        std::copy_n(in->bytes.data(), size, room.data());
        in->bytes.erase(0, size);
        in->changed.notifyAll();
        co_return size;
    }

    api::Task<Result<void>> write(std::span<const char> bytes) override
    {
        const auto cancelled = m_cancelled;
        const auto out = m_out;
        while (!bytes.empty()) {
            if (*cancelled)
                co_return fail(ErrorCode::Cancelled, "writing: cancelled");
            if (out->unread || out->finished)
                co_return fail(ErrorCode::Unavailable, "writing: the other end has gone");
            const std::size_t size =
                std::min(bytes.size(), out->capacity - std::min(out->capacity, out->bytes.size()));
            if (size == 0) {
                co_await out->changed.wait();
                if (wasCancelled(co_await api::asio::this_coro::cancellation_state))
                    co_return fail(ErrorCode::Cancelled, "writing: cancelled");
                continue;
            }
            out->bytes.append(bytes.data(), size);
            out->total += size;
            bytes = bytes.subspan(size);
            out->changed.notifyAll();
        }
        co_return Result<void>{};
    }

    api::Task<void> finish() override
    {
        m_out->finished = true;
        m_out->changed.notifyAll();
        co_return;
    }

    void cancel(Ending ending) override
    {
        if (std::exchange(*m_cancelled, true))
            return;
        m_out->finished = true;
        m_in->unread = true;
        if (ending == Ending::Reset)
            m_out->reset = true;
        m_out->changed.notifyAll();
        m_in->changed.notifyAll();
    }

    bool isOpen() const override { return !*m_cancelled && !m_in->reset; }
    bool hasPeerLeft() override { return m_out->unread; }
    bool isQuiet() override { return isOpen() && m_in->bytes.empty() && !m_in->finished; }

    /// Bytes ever written here, and those the other end has not read yet.
    std::size_t written() const { return m_out->total; }
    std::size_t waiting() const { return m_out->bytes.size(); }

private:
    static bool wasCancelled(const api::asio::cancellation_state& state)
    {
        return state.cancelled() != api::asio::cancellation_type::none;
    }

    std::shared_ptr<Pipe> m_in;
    std::shared_ptr<Pipe> m_out;
    std::shared_ptr<bool> m_cancelled = std::make_shared<bool>(false);
};

inline std::pair<std::unique_ptr<PairedStream>, std::unique_ptr<PairedStream>>
makeStreamPair(const api::asio::any_io_executor& executor, std::size_t capacity = 64 * 1024)
{
    auto there = std::make_shared<PairedStream::Pipe>(executor, capacity);
    auto back = std::make_shared<PairedStream::Pipe>(executor, capacity);
    return {std::make_unique<PairedStream>(back, there),
            std::make_unique<PairedStream>(there, back)};
}

} // namespace caisson::keeper
