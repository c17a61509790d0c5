// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/terminal_stream.h"

namespace caisson::desk {

namespace {

/// A terminal view takes about 10 ms for this much, which is what a frame has room for.
constexpr qsizetype kPiece = 64 * 1024;

} // namespace

TerminalStream::TerminalStream(std::shared_ptr<IoThread> thread,
                               std::shared_ptr<client::Client> client, const QString& sandbox,
                               const QString& terminal, qint64 since)
    : m_thread(std::move(thread))
    , m_mailbox(std::make_shared<Mailbox<TerminalNews>>(this, [this] { collect(); }))
    , m_session(std::make_shared<TerminalSession>(m_thread->executor(), std::move(client),
                                                  sandbox.toStdString(), terminal.toStdString(),
                                                  since, m_mailbox))
{
    m_next.setSingleShot(true);
    connect(&m_next, &QTimer::timeout, this, &TerminalStream::deliver);
    api::spawnDetached(m_thread->executor(), TerminalSession::run(m_session),
                       "following a terminal");
}

TerminalStream::~TerminalStream()
{
    m_mailbox->close();
    m_thread->post([session = m_session] { session->close(); });
}

void TerminalStream::type(const QByteArray& bytes)
{
    m_thread->post([session = m_session, text = bytes.toStdString()] { session->type(text); });
}

void TerminalStream::resize(int cols, int rows)
{
    m_thread->post([session = m_session, cols, rows] { session->resize(cols, rows); });
}

void TerminalStream::pause()
{
    m_paused = true;
    m_next.stop();
    m_thread->post([session = m_session] { session->setPaused(true); });
}

void TerminalStream::resume()
{
    m_paused = false;
    if (!m_news.empty())
        m_next.start(0);
    m_thread->post([session = m_session] { session->setPaused(false); });
}

void TerminalStream::collect()
{
    for (TerminalNews& news : m_mailbox->takeAll())
        m_news.push_back(std::move(news));
    if (!m_paused && !m_next.isActive())
        deliver();
}

void TerminalStream::deliver()
{
    // Whoever listens may pause in the middle.
    while (!m_news.empty() && !m_paused) {
        if (std::holds_alternative<news::Bytes>(m_news.front())) {
            deliverBytes();
            break;
        }
        const TerminalNews news = std::move(m_news.front());
        m_news.pop_front();
        tell(news);
    }
    if (!m_news.empty() && !m_paused)
        m_next.start(0);
}

void TerminalStream::deliverBytes()
{
    auto& first = std::get<news::Bytes>(m_news.front());
    const qint64 offset = first.offset;
    QByteArray piece;
    while (piece.size() < kPiece && !m_news.empty()) {
        auto* next = std::get_if<news::Bytes>(&m_news.front());
        if (!next || next->offset != offset + piece.size())
            break;
        const qsizetype room = kPiece - piece.size();
        if (next->bytes.size() > room) {
            piece += next->bytes.first(room);
            next->bytes.remove(0, room);
            next->offset += room;
            break;
        }
        piece += next->bytes;
        m_news.pop_front();
    }
    m_thread->post([session = m_session, count = piece.size()] { session->delivered(count); });
    emit bytes(piece, offset);
}

void TerminalStream::tell(const TerminalNews& news)
{
    if (std::holds_alternative<news::CaughtUp>(news))
        emit caughtUp();
    else if (const auto* cut = std::get_if<news::Truncated>(&news))
        emit truncated(cut->first);
    else if (const auto* wait = std::get_if<news::Waiting>(&news))
        emit waiting(wait->why);
    else if (const auto* end = std::get_if<news::Ended>(&news))
        emit ended(end->exit);
    else if (const auto* state = std::get_if<news::State>(&news))
        emit stateChanged(state->state);
    else if (const auto* failure = std::get_if<news::Failed>(&news))
        emit failed(failure->error);
}

} // namespace caisson::desk
