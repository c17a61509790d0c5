// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>

namespace caisson::api {

/// Writes to a socket until that has failed once, and answers with the same failure from then on.
/// A second async_write would never complete: Asio takes a write that moved nothing for a full
/// buffer and waits for the socket to be writable again, which one whose peer has gone says only
/// once (epoll_reactor's done_and_exhausted; uploads that were refused hung by it).
class SocketWriter
{
public:
    template<class Buffers>
    Task<Result<void>> write(Socket& socket, Buffers buffers, std::string_view what)
    {
        if (m_failure)
            co_return std::unexpected(*m_failure);
        const auto [code, size] =
            co_await asio::async_write(socket, buffers, asio::as_tuple(asio::use_awaitable));
        if (!code)
            co_return Result<void>{};
        m_failure = asioError(code, what);
        co_return std::unexpected(*m_failure);
    }

private:
    std::optional<Error> m_failure;
};

} // namespace caisson::api
