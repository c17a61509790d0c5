// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/workers.h"

namespace caisson::init {

namespace {

/// Four, so that a long copy and a slow disk leave some for the rest.
constexpr std::size_t kFileThreads = 4;

} // namespace

asio::any_io_executor Workers::filePool()
{
    if (!m_filePool)
        m_filePool.emplace(kFileThreads);
    return m_filePool->get_executor();
}

asio::any_io_executor Workers::watchExecutor()
{
    if (!m_watchThread)
        m_watchThread.emplace(1);
    return m_watchThread->get_executor();
}

} // namespace caisson::init
