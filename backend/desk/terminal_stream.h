// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/io_thread.h"
#include "backend/desk/terminal_session.h"

#include <QTimer>
#include <deque>
#include <memory>

namespace caisson::desk {

/// The GUI thread's half of a terminal: passes on what its session tells, a piece a turn of the
/// event loop, so that a flood leaves room for typing and painting.
class TerminalStream : public TerminalLink
{
    Q_OBJECT
public:
    TerminalStream(std::shared_ptr<IoThread> thread, std::shared_ptr<client::Client> client,
                   const QString& sandbox, const QString& terminal, qint64 since);
    ~TerminalStream() override;

    void type(const QByteArray& bytes) override;
    void resize(int cols, int rows) override;
    void pause() override;
    void resume() override;

private:
    void collect();
    void deliver();
    void deliverBytes();
    void tell(const TerminalNews& news);

    std::shared_ptr<IoThread> m_thread;
    std::shared_ptr<Mailbox<TerminalNews>> m_mailbox;
    std::shared_ptr<TerminalSession> m_session;
    std::deque<TerminalNews> m_news;
    QTimer m_next;
    bool m_paused = false;
};

} // namespace caisson::desk
