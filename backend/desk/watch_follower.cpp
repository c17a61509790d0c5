// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/watch_follower.h"

namespace caisson::desk {

WatchSession::WatchSession(const api::asio::any_io_executor& executor,
                           std::shared_ptr<client::Client> client, std::string sandbox,
                           std::string path, std::shared_ptr<Mailbox<WatchNews>> mailbox)
    : m_client(std::move(client))
    , m_sandbox(std::move(sandbox))
    , m_path(std::move(path))
    , m_mailbox(std::move(mailbox))
    , m_backoff(executor)
{
}

api::Task<void> WatchSession::run(std::shared_ptr<WatchSession> self)
{
    while (co_await self->follow())
        co_await self->m_backoff.pause();
}

api::Task<bool> WatchSession::follow()
{
    Result<client::WatchStream> stream = co_await m_client->watch(m_sandbox, m_path);
    if (m_closed)
        co_return false;
    if (!stream) {
        if (stream.error().code == ErrorCode::Unavailable)
            co_return true;
        m_mailbox->put(stream.error());
        co_return false;
    }
    m_backoff.reset();
    m_stream = std::make_shared<client::WatchStream>(std::move(*stream));
    const auto held = m_stream;
    for (;;) {
        Result<api::WatchEvent> event = co_await held->next();
        if (m_closed)
            co_return false;
        if (!event) {
            m_stream.reset();
            co_return true;
        }
        m_mailbox->put(std::move(*event));
    }
}

void WatchSession::close()
{
    m_closed = true;
    if (m_stream)
        m_stream->abort();
    m_backoff.skip();
}

WatchFollower::WatchFollower(std::shared_ptr<IoThread> thread,
                             std::shared_ptr<client::Client> client, const QString& sandbox,
                             const QByteArray& path)
    : m_thread(std::move(thread))
    , m_batch([this] { deliver(); })
    , m_mailbox(std::make_shared<Mailbox<WatchNews>>(this, [this] { m_batch.ask(); }))
    , m_session(std::make_shared<WatchSession>(m_thread->executor(), std::move(client),
                                               sandbox.toStdString(), path.toStdString(),
                                               m_mailbox))
{
    api::spawnDetached(m_thread->executor(), WatchSession::run(m_session), "watching a folder");
}

WatchFollower::~WatchFollower()
{
    m_mailbox->close();
    m_thread->post([session = m_session] { session->close(); });
}

void WatchFollower::deliver()
{
    QList<api::WatchEvent> batch;
    std::optional<Error> error;
    for (WatchNews& news : m_mailbox->takeAll()) {
        if (auto* event = std::get_if<api::WatchEvent>(&news))
            batch += std::move(*event);
        else
            error = std::get<Error>(std::move(news));
    }
    if (!batch.isEmpty())
        emit events(batch);
    if (error)
        emit failed(*error);
}

} // namespace caisson::desk
