// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/terminal_session.h"

#include <algorithm>

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
        Result<Socket> socket = co_await self->attach();
        if (self->m_done)
            co_return;
        if (!socket && !isPassing(socket.error())) {
            self->giveUp(socket.error());
            co_return;
        }
        if (socket) {
            self->m_socket = *socket;
            self->m_backoff.reset();
            self->m_sizeIsNew = self->m_size.has_value();
            self->m_mailbox->put(news::State{LinkState::Connected});
            self->checkCaughtUp();
            api::spawnDetached(self->m_executor, write(self, *socket), "typing into a terminal");
            co_await self->read(*socket);
            self->m_socket.reset();
            self->m_changed.notifyAll();
        }
        if (self->m_done)
            co_return;
        self->m_mailbox->put(news::State{LinkState::Lost});
        co_await self->m_backoff.pause();
    }
}

api::Task<Result<TerminalSession::Socket>> TerminalSession::attach()
{
    if (!m_caughtUp) {
        // Where the journal ends now tells replay from what happens while we look on.
        const Result<api::TerminalList> list = co_await m_client->listTerminals(m_sandbox);
        if (!list)
            co_return std::unexpected(list.error());
        const auto found = std::ranges::find(list->terminals, m_terminal, &api::Terminal::id);
        if (found == list->terminals.end())
            co_return fail(ErrorCode::NotFound, "The terminal is not there any more.");
        m_replayEnd = found->offset;
    }
    Result<client::TerminalSocket> socket =
        co_await m_client->attachTerminal(m_sandbox, m_terminal, m_next);
    if (!socket)
        co_return std::unexpected(socket.error());
    co_return std::make_shared<client::TerminalSocket>(std::move(*socket));
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
    checkCaughtUp();
}

bool TerminalSession::take(const api::StreamControl& control)
{
    if (control.type == "truncated" && control.first) {
        m_next = *control.first;
        m_mailbox->put(news::Truncated{m_next});
        checkCaughtUp();
    } else if (control.type == "offset" && control.offset) {
        m_next = *control.offset;
        checkCaughtUp();
    } else if (control.type == "exit" && control.exit) {
        m_done = true;
        m_mailbox->put(news::Ended{*control.exit});
        return false;
    } else if (control.type == "error") {
        giveUp({codeFromName(control.code.value_or("internal")), control.error.value_or(""), {}});
        return false;
    }
    return true;
}

void TerminalSession::checkCaughtUp()
{
    if (!m_caughtUp && m_replayEnd && m_next >= *m_replayEnd) {
        m_caughtUp = true;
        m_mailbox->put(news::CaughtUp{});
    }
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
    const std::string bytes = std::move(m_typed.front());
    m_typed.pop_front();
    co_return co_await socket.type(bytes);
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
