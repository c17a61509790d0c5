// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace caisson::keeper {

/// A byte stream between the keeper and one end of a flow: TCP, or TLS over it. One reader and one
/// writer at a time, on the keeper's thread.
class Stream
{
public:
    virtual ~Stream() = default;
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// What has come, at least a byte; 0: the other end has finished writing. Over TLS that is a
    /// close_notify; a bare end of TCP there is an error, Unavailable (truncation, RFC 8446, 6.1).
    virtual api::Task<Result<std::size_t>> read(std::span<char> room) = 0;
    /// All of it.
    virtual api::Task<Result<void>> write(std::span<const char> bytes) = 0;
    /// Nothing more is written.
    virtual api::Task<void> finish() = 0;
    /// Ends it at once; what waits on it fails with Cancelled. May be called from anywhere on the
    /// thread, any number of times. `Reset` makes the other end see a reset.
    enum class Ending { Close, Reset };
    virtual void cancel(Ending ending) = 0;
    virtual bool isOpen() const = 0;
    /// Neither a byte nor the end has come since the last read(): a kept connection that may be used
    /// once more.
    virtual bool isQuiet() = 0;
    /// Whether the other end has closed, be there bytes still to be read or not. Where it cannot be
    /// told from one that only writes no more, that counts too.
    virtual bool hasPeerLeft() { return false; }

    /// Plain TCP gives its socket away, with what was read and not yet asked for; the stream is
    /// then of no use. None: it is another kind of stream.
    struct Released
    {
        api::asio::ip::tcp::socket socket;
        std::string alreadyRead;
    };
    virtual std::optional<Released> release() { return std::nullopt; }
};

/// Returns once `hasLeft` says so. An end that has finished writing and then closes says nothing of
/// that, so it has to be looked for; mostly both come at once.
inline api::Task<void> untilLeft(std::function<bool()> hasLeft)
{
    constexpr std::chrono::milliseconds kFirst{10};
    constexpr std::chrono::milliseconds kLongest{500};
    for (std::chrono::milliseconds pause = kFirst; !hasLeft();
         pause = std::min(2 * pause, kLongest)) {
        if (!co_await api::sleepFor(pause))
            co_return;
    }
}

} // namespace caisson::keeper
