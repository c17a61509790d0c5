// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/async.h"

#include "backend/base/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace caisson::api {

Notifier::Notifier(const asio::any_io_executor& executor)
    : m_timer(executor, asio::steady_timer::time_point::max())
{
}

void Notifier::notifyAll()
{
    // Moving the deadline completes every wait with operation_aborted; the next ones wait again.
    m_timer.expires_at(asio::steady_timer::time_point::max());
}

Task<void> Notifier::wait()
{
    co_await m_timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void spawnDetached(const asio::any_io_executor& executor, Task<void> task, const char* what)
{
    asio::co_spawn(executor, std::move(task), [what](const std::exception_ptr& exception) {
        if (!exception)
            return;
        try {
            std::rethrow_exception(exception);
        } catch (const std::exception& error) {
            logFailure("{}: {}", what, error.what());
        }
    });
}

Task<bool> sleepFor(std::chrono::milliseconds duration)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    const auto [code] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !code;
}

Error asioError(const boost::system::error_code& code, std::string_view what)
{
    if (code == asio::error::operation_aborted)
        return Error{ErrorCode::Cancelled, std::string(what) + ": cancelled", {}};
    if (code == asio::error::eof)
        return Error{ErrorCode::Unavailable, std::string(what) + ": the connection was closed", {}};
    if (code.category() == boost::system::system_category() ||
        code.category() == boost::system::generic_category())
        return errnoError(code.value(), what);
    return Error{ErrorCode::Unavailable, std::string(what) + ": " + code.message(), {}};
}

std::unexpected<Error> failAsio(const boost::system::error_code& code, std::string_view what)
{
    return std::unexpected(asioError(code, what));
}

} // namespace caisson::api
