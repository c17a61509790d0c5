// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"
#include "backend/desk/backend.h"
#include "backend/desk/backoff.h"
#include "backend/desk/batch_timer.h"
#include "backend/desk/io_thread.h"
#include "backend/desk/mailbox.h"

#include <memory>
#include <variant>

namespace caisson::desk {

using EgressNews = std::variant<api::EgressEntry, Error>;

/// The backend thread's half of following a log. Backend thread only.
class EgressSession
{
public:
    EgressSession(const api::asio::any_io_executor& executor,
                  std::shared_ptr<client::Client> client, std::string sandbox,
                  client::LogFilter filter, std::shared_ptr<Mailbox<EgressNews>> mailbox);

    static api::Task<void> run(std::shared_ptr<EgressSession> self);
    void close();

private:
    /// False when there is no use in asking again.
    api::Task<bool> follow();
    /// What came before the stream began, where no row is known to begin behind.
    api::Task<void> catchUp();
    /// `cursor`: see client::LogStream::cursor().
    void put(api::EgressEntry entry, std::int64_t cursor);
    bool isWorthAsking(const Error& error);

    std::shared_ptr<client::Client> m_client;
    std::string m_sandbox;
    client::LogFilter m_filter;
    std::shared_ptr<Mailbox<EgressNews>> m_mailbox;
    Backoff m_backoff;
    std::shared_ptr<client::LogStream> m_stream;
    bool m_closed = false;
};

/// The GUI thread's half.
class EgressFollower : public EgressLink
{
    Q_OBJECT
public:
    EgressFollower(std::shared_ptr<IoThread> thread, std::shared_ptr<client::Client> client,
                   const QString& sandbox, client::LogFilter filter);
    ~EgressFollower() override;

private:
    void deliver();

    std::shared_ptr<IoThread> m_thread;
    BatchTimer m_batch;
    std::shared_ptr<Mailbox<EgressNews>> m_mailbox;
    std::shared_ptr<EgressSession> m_session;
};

} // namespace caisson::desk
