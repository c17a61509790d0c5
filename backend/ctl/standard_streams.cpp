// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/standard_streams.h"

#include "backend/base/files.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <unistd.h>

namespace caisson::ctl {

namespace {

/// Standard input, output and error.
constexpr std::size_t kThreads = 3;

Result<std::size_t> readBlocking(int fd, std::span<char> room)
{
    for (;;) {
        const ssize_t got = ::read(fd, room.data(), room.size());
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (errno != EINTR)
            return failErrno("cannot read standard input");
    }
}

} // namespace

StandardStreams::StandardStreams()
    : m_threads(*new api::asio::thread_pool(kThreads))
{
}

api::Task<Result<std::size_t>> StandardStreams::read(int fd, std::span<char> room)
{
    co_return co_await api::asio::co_spawn(
        m_threads,
        [fd, room]() -> api::Task<Result<std::size_t>> { co_return readBlocking(fd, room); },
        api::asio::use_awaitable);
}

api::Task<Result<void>> StandardStreams::write(int fd, std::string_view bytes)
{
    co_return co_await api::asio::co_spawn(
        m_threads, [fd, bytes]() -> api::Task<Result<void>> { co_return writeAll(fd, bytes); },
        api::asio::use_awaitable);
}

} // namespace caisson::ctl
