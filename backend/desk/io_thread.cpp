// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/io_thread.h"

#include "backend/base/log.h"

namespace caisson::desk {

IoThread::IoThread()
    : m_work(api::asio::make_work_guard(m_context))
    , m_thread([this] {
        // A handler that throws has lost its own work only; the others go on.
        while (!m_context.stopped()) {
            try {
                m_context.run();
            } catch (const std::exception& error) {
                logFailure("backend thread: {}", error.what());
            }
        }
    })
{
}

IoThread::~IoThread()
{
    m_context.stop();
    m_thread.join();
}

std::unexpected<Error> IoThread::unexpectedly(const std::exception_ptr& exception)
{
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return fail(ErrorCode::Internal, error.what());
    }
}

} // namespace caisson::desk
