// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/terminal_session.h"

namespace caisson::desk {

namespace {

/// What may lie between the two threads. Twice what the view takes at once, so that neither waits.
constexpr qint64 kMaxOnTheWay = 256 * 1024;

/// Whether trying again can help: the peer is away, not of another mind.
bool isPassing(const Error& error)
{
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout ||
           error.code == ErrorCode::Cancelled;
}

} // namespace

TerminalSession::TerminalSession(const api::asio::any_io_executor& executor,
                                 std::shared_ptr<client::Client> client, std::string sandbox,
                                 std::string terminal, qint64 since,
                                 std::shared_ptr<Mailbox<TerminalNews>> mailbox)
    : m_executor(executor)
    , m_client(std::move(client))
    , m_sandbox(std::move(sandbox))
    , m_terminal(std::move(terminal))
    , m_mailbox(std::move(mailbox))
    , m_changed(executor)
    , m_backoff(executor)
    , m_next(since)
{
}

api::Task<void> TerminalSession::run(std::shared_ptr<TerminalSession> self)
{
    while (!self->m_done) {
        self->m_mailbox->put(news::State{LinkState::Connecting});
        Result<client::TerminalSocket> attached = co_await self->m_client->attachTerminal(
            self->m_sandbox, self->m_terminal, self->m_next);
        if (self->m_done)
            co_return;
        if (!attached && !isPassing(attached.error())) {
            self->giveUp(attached.error());
            co_return;
        }
        if (attached) {
            const auto socket = std::make_shared<client::TerminalSocket>(std::move(*attached));
            self->m_socket = socket;
            self->m_backoff.reset();
            self->m_sizeIsNew = self->m_size.has_value();
            self->m_mailbox->put(news::State{LinkState::Connected});
            api::spawnDetached(self->m_executor, write(self, socket), "typing into a terminal");
            co_await self->read(socket);
            self->m_socket.reset();
            self->m_changed.notifyAll();
        }
        if (self->m_done)
            co_return;
        self->m_mailbox->put(news::State{LinkState::Lost});
        co_await self->m_backoff.pause();
    }
}

api::Task<void> TerminalSession::read(Socket socket)
{
    for (;;) {
        while (!m_done && (m_paused || m_onTheWay >= kMaxOnTheWay))
            co_await m_changed.wait();
        if (m_done)
            co_return;
        Result<client::TerminalSocket::Message> message = co_await socket->read();
        if (!message || m_done)
            co_return;
        if (auto* bytes = std::get_if<std::string>(&*message))
            take(std::move(*bytes));
        else if (!take(std::get<api::StreamControl>(*message)))
            co_return;
    }
}

void TerminalSession::take(std::string bytes)
{
    const auto count = static_cast<qint64>(bytes.size());
    m_mailbox->put(news::Bytes{QByteArray::fromStdString(bytes), m_next});
    m_next += count;
    m_onTheWay += count;
}

Error TerminalSession::errorOf(const api::StreamControl& control)
{
    return {codeFromName(control.code.value_or("internal")), control.error.value_or(""), {}};
}

bool TerminalSession::take(const api::StreamControl& control)
{
    if (control.type == "truncated" && control.first) {
        m_next = *control.first;
        m_mailbox->put(news::Truncated{m_next});
    } else if (control.type == "caught_up" && !std::exchange(m_caughtUp, true)) {
        m_mailbox->put(news::CaughtUp{});
    } else if (control.type == "exit" && control.exit) {
        m_done = true;
        m_mailbox->put(news::Ended{*control.exit});
        return false;
    } else if (control.type == "waiting") {
        m_mailbox->put(news::Waiting{errorOf(control)});
    } else if (control.type == "error") {
        giveUp(errorOf(control));
        return false;
    }
    return true;
}

api::Task<void> TerminalSession::write(std::shared_ptr<TerminalSession> self, Socket socket)
{
    while (!self->m_done && self->m_socket == socket) {
        if (self->m_typed.empty() && !self->m_sizeIsNew) {
            co_await self->m_changed.wait();
            continue;
        }
        if (!co_await self->writeNext(*socket)) {
            // The reader sees it too, and connects anew.
            socket->abort();
            co_return;
        }
    }
}

api::Task<Result<void>> TerminalSession::writeNext(client::TerminalSocket& socket)
{
    if (m_sizeIsNew) {
        m_sizeIsNew = false;
        co_return co_await socket.resize(m_size->first, m_size->second);
    }
    const Result<void> sent = co_await socket.type(m_typed.front());
    // What broke off in the middle is no whole message and was dropped there: it goes again.
    if (sent)
        m_typed.pop_front();
    co_return sent;
}

void TerminalSession::type(std::string bytes)
{
    m_typed.push_back(std::move(bytes));
    m_changed.notifyAll();
}

void TerminalSession::resize(int cols, int rows)
{
    m_size = {cols, rows};
    m_sizeIsNew = true;
    m_changed.notifyAll();
}

void TerminalSession::setPaused(bool paused)
{
    m_paused = paused;
    m_changed.notifyAll();
}

void TerminalSession::delivered(qint64 count)
{
    m_onTheWay -= count;
    m_changed.notifyAll();
}

void TerminalSession::close()
{
    m_done = true;
    if (m_socket)
        m_socket->abort();
    m_backoff.skip();
    m_changed.notifyAll();
}

void TerminalSession::giveUp(const Error& error)
{
    m_done = true;
    m_mailbox->put(news::Failed{error});
}

} // namespace caisson::desk
