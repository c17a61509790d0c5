// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/base/error.h"

#include <QFuture>
#include <QPromise>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>

namespace caisson::desk {

/// The backend thread: one io_context, and the way from it to futures. Made and destroyed on the
/// GUI thread. What is under way when it is destroyed ends there: futures are cancelled, so that
/// their continuations never run.
class IoThread
{
public:
    IoThread();
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    api::asio::any_io_executor executor() { return m_context.get_executor(); }

    /// Runs a call on the backend thread.
    template<class T>
    QFuture<Result<T>> call(api::Task<Result<T>> task)
    {
        auto promise = std::make_shared<QPromise<Result<T>>>();
        promise->start();
        QFuture<Result<T>> future = promise->future();
        api::asio::co_spawn(m_context, std::move(task),
                            [promise](const std::exception_ptr& exception, Result<T> result) {
                                promise->addResult(exception ? Result<T>(unexpectedly(exception))
                                                             : std::move(result));
                                promise->finish();
                            });
        return future;
    }

    /// Runs something short on the backend thread.
    template<class Function>
    void post(Function function)
    {
        api::asio::post(m_context, std::move(function));
    }

private:
    static std::unexpected<Error> unexpectedly(const std::exception_ptr& exception);

    api::asio::io_context m_context{1};
    api::asio::executor_work_guard<api::asio::io_context::executor_type> m_work;
    std::thread m_thread;
};

} // namespace caisson::desk
