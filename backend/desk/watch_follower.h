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

using WatchNews = std::variant<api::WatchEvent, Error>;

/// The backend thread's half of a watch. Backend thread only.
class WatchSession
{
public:
    WatchSession(const api::asio::any_io_executor& executor, std::shared_ptr<client::Client> client,
                 std::string sandbox, std::string path,
                 std::shared_ptr<Mailbox<WatchNews>> mailbox);

    static api::Task<void> run(std::shared_ptr<WatchSession> self);
    void close();

private:
    /// False when there is no use in asking again.
    api::Task<bool> follow();

    std::shared_ptr<client::Client> m_client;
    std::string m_sandbox;
    std::string m_path;
    std::shared_ptr<Mailbox<WatchNews>> m_mailbox;
    Backoff m_backoff;
    std::shared_ptr<client::WatchStream> m_stream;
    bool m_closed = false;
};

/// The GUI thread's half.
class WatchFollower : public WatchLink
{
    Q_OBJECT
public:
    WatchFollower(std::shared_ptr<IoThread> thread, std::shared_ptr<client::Client> client,
                  const QString& sandbox, const QByteArray& path);
    ~WatchFollower() override;

private:
    void deliver();

    std::shared_ptr<IoThread> m_thread;
    BatchTimer m_batch;
    std::shared_ptr<Mailbox<WatchNews>> m_mailbox;
    std::shared_ptr<WatchSession> m_session;
};

} // namespace caisson::desk
