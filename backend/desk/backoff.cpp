// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/backoff.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace caisson::desk {

api::Task<void> Backoff::pause()
{
    m_timer.expires_after(m_next);
    m_next = std::min(m_next * 2, kLongest);
    co_await m_timer.async_wait(api::asio::as_tuple(api::asio::use_awaitable));
}

} // namespace caisson::desk
