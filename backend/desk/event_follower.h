// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"
#include "backend/desk/backend.h"
#include "backend/desk/backoff.h"
#include "backend/desk/mailbox.h"

#include <memory>
#include <variant>

namespace caisson::desk {

/// The connection came, went, or something happened at the other end.
struct LinkNews
{
    LinkState state = LinkState::Connecting;
    std::string why;
};
using ServiceNews = std::variant<LinkNews, api::Event>;

/// Follows the service's events, going on from the last one after a lost connection. Its stream is
/// what tells that the service is there at all. Backend thread only.
class EventFollower
{
public:
    EventFollower(const api::asio::any_io_executor& executor,
                  std::shared_ptr<client::Client> client,
                  std::shared_ptr<Mailbox<ServiceNews>> mailbox);

    static api::Task<void> run(std::shared_ptr<EventFollower> self);
    void retry() { m_backoff.skip(); }
    void close();

private:
    api::Task<void> follow();

    std::shared_ptr<client::Client> m_client;
    std::shared_ptr<Mailbox<ServiceNews>> m_mailbox;
    Backoff m_backoff;
    std::shared_ptr<client::EventStream> m_stream;
    std::string m_cursor;
    bool m_closed = false;
};

} // namespace caisson::desk
