// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/event_follower.h"

namespace caisson::desk {

EventFollower::EventFollower(const api::asio::any_io_executor& executor,
                             std::shared_ptr<client::Client> client,
                             std::shared_ptr<Mailbox<ServiceNews>> mailbox)
    : m_client(std::move(client))
    , m_mailbox(std::move(mailbox))
    , m_backoff(executor)
{
}

api::Task<void> EventFollower::run(std::shared_ptr<EventFollower> self)
{
    while (!self->m_closed) {
        co_await self->follow();
        if (!self->m_closed)
            co_await self->m_backoff.pause();
    }
}

api::Task<void> EventFollower::follow()
{
    Result<client::EventStream> stream = co_await m_client->events(m_cursor);
    if (m_closed)
        co_return;
    if (!stream) {
        m_mailbox->put(LinkNews{LinkState::Lost, stream.error().message});
        co_return;
    }
    m_backoff.reset();
    m_mailbox->put(LinkNews{LinkState::Connected, {}});
    m_stream = std::make_shared<client::EventStream>(std::move(*stream));
    const auto held = m_stream;
    for (;;) {
        auto next = co_await held->next();
        if (m_closed)
            co_return;
        if (!next) {
            m_stream.reset();
            // caissond may have been replaced by a newer one; it is lost when the next attempt
            // fails.
            m_mailbox->put(LinkNews{LinkState::Connecting, next.error().message});
            co_return;
        }
        if (!next->second.empty())
            m_cursor = std::move(next->second);
        m_mailbox->put(std::move(next->first));
    }
}

void EventFollower::close()
{
    m_closed = true;
    if (m_stream)
        m_stream->abort();
    m_backoff.skip();
}

} // namespace caisson::desk
