// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/egress_follower.h"

#include <ranges>

namespace caisson::desk {

EgressSession::EgressSession(const api::asio::any_io_executor& executor,
                             std::shared_ptr<client::Client> client, std::string sandbox,
                             client::LogFilter filter, std::shared_ptr<Mailbox<EgressNews>> mailbox)
    : m_client(std::move(client))
    , m_sandbox(std::move(sandbox))
    , m_filter(std::move(filter))
    , m_mailbox(std::move(mailbox))
    , m_backoff(executor)
{
}

api::Task<void> EgressSession::run(std::shared_ptr<EgressSession> self)
{
    while (co_await self->follow())
        co_await self->m_backoff.pause();
}

bool EgressSession::isWorthAsking(const Error& error)
{
    // A keeper that ends takes its stream with it; the log is there again with the next one.
    if (error.code == ErrorCode::Unavailable)
        return true;
    m_mailbox->put(error);
    return false;
}

api::Task<bool> EgressSession::follow()
{
    client::LogFilter filter = m_filter;
    filter.limit = 0;
    Result<client::LogStream> stream =
        co_await m_client->followEgressLog(m_sandbox, std::move(filter));
    if (m_closed)
        co_return false;
    if (!stream)
        co_return isWorthAsking(stream.error());
    m_backoff.reset();
    m_stream = std::make_shared<client::LogStream>(std::move(*stream));
    const auto held = m_stream;
    if (m_filter.after == 0)
        co_await catchUp();
    while (!m_closed) {
        Result<api::EgressEntry> entry = co_await held->next();
        if (m_closed)
            co_return false;
        if (!entry) {
            m_stream.reset();
            co_return isWorthAsking(entry.error());
        }
        put(std::move(*entry), held->cursor());
    }
    co_return false;
}

/// A stream without a row to begin behind begins now, which is a moment after whoever asked saw
/// that there is no row.
api::Task<void> EgressSession::catchUp()
{
    Result<api::EgressLog> log = co_await m_client->egressLog(m_sandbox, m_filter);
    if (!log)
        co_return; // the stream will say the same
    for (api::EgressEntry& entry : log->entries | std::views::reverse) {
        const std::int64_t id = entry.id;
        put(std::move(entry), id);
    }
}

void EgressSession::put(api::EgressEntry entry, std::int64_t cursor)
{
    if (cursor <= m_filter.after)
        return; // came both ways
    m_filter.after = cursor;
    m_mailbox->put(std::move(entry));
}

void EgressSession::close()
{
    m_closed = true;
    if (m_stream)
        m_stream->abort();
    m_backoff.skip();
}

EgressFollower::EgressFollower(std::shared_ptr<IoThread> thread,
                               std::shared_ptr<client::Client> client, const QString& sandbox,
                               client::LogFilter filter)
    : m_thread(std::move(thread))
    , m_batch([this] { deliver(); })
    , m_mailbox(std::make_shared<Mailbox<EgressNews>>(this, [this] { m_batch.ask(); }))
    , m_session(std::make_shared<EgressSession>(m_thread->executor(), std::move(client),
                                                sandbox.toStdString(), std::move(filter),
                                                m_mailbox))
{
    api::spawnDetached(m_thread->executor(), EgressSession::run(m_session), "following a log");
}

EgressFollower::~EgressFollower()
{
    m_mailbox->close();
    m_thread->post([session = m_session] { session->close(); });
}

void EgressFollower::deliver()
{
    QList<api::EgressEntry> batch;
    std::optional<Error> error;
    for (EgressNews& news : m_mailbox->takeAll()) {
        if (auto* entry = std::get_if<api::EgressEntry>(&news))
            batch += std::move(*entry);
        else
            error = std::get<Error>(std::move(news));
    }
    if (!batch.isEmpty())
        emit entries(batch);
    if (error)
        emit failed(*error);
}

} // namespace caisson::desk
