// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace caisson::api {

namespace asio = boost::asio;

/// The one idiom for what takes time: a coroutine on the program's one io_context thread.
template<class T>
using Task = asio::awaitable<T>;

/// Every byte stream is one of these: a Unix socket, or one end of a pair whose other end is
/// carried elsewhere.
using Socket = asio::local::stream_protocol::socket;

/// Lets coroutines of one thread wait for something to change. A waiter looks at the state first,
/// then waits; notifyAll() wakes all that wait at that moment.
class Notifier
{
public:
    explicit Notifier(const asio::any_io_executor& executor);
    void notifyAll();
    /// Returns after the next notifyAll(), or when the coroutine is cancelled.
    Task<void> wait();

private:
    asio::steady_timer m_timer;
};

/// Runs `task` on its own. An exception that reaches its end is logged and goes no further.
void spawnDetached(const asio::any_io_executor& executor, Task<void> task, const char* what);

/// Waits `duration`; false when cancelled before.
Task<bool> sleepFor(std::chrono::milliseconds duration);

/// Error of an asio call, as "what: reason". operation_aborted is Cancelled, end of file and
/// resets are Unavailable.
Error asioError(const boost::system::error_code& code, std::string_view what);
std::unexpected<Error> failAsio(const boost::system::error_code& code, std::string_view what);

} // namespace caisson::api
