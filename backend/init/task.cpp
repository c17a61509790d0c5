// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace caisson::init {

void Notifier::notifyAll()
{
    for (Waiter& waiter : std::exchange(m_waiting, {})) {
        asio::post(waiter.executor,
                   [resume = std::move(waiter.resume)]() mutable { std::move(resume)(); });
    }
}

Task<void> Notifier::wait()
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this, executor](auto handler) { m_waiting.emplace_back(executor, std::move(handler)); },
        asio::use_awaitable);
}

void spawnDetached(const asio::any_io_executor& executor, Task<void> task)
{
    asio::co_spawn(executor, std::move(task), [](std::exception_ptr failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
}

} // namespace caisson::init
