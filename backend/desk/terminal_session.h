// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"
#include "backend/desk/backend.h"
#include "backend/desk/backoff.h"
#include "backend/desk/mailbox.h"

#include <deque>
#include <memory>
#include <optional>
#include <variant>

namespace caisson::desk {

/// What a terminal's session tells, in the order in which it happened.
namespace news {
struct Bytes
{
    QByteArray bytes;
    qint64 offset = 0;
};
struct CaughtUp
{
};
struct Truncated
{
    qint64 first = 0;
};
struct Waiting
{
    Error why;
};
struct Ended
{
    api::ExitStatus exit;
};
struct State
{
    LinkState state = LinkState::Connecting;
};
struct Failed
{
    Error error;
};
} // namespace news

using TerminalNews = std::variant<news::Bytes, news::CaughtUp, news::Truncated, news::Waiting,
                                  news::Ended, news::State, news::Failed>;

/// The backend thread's half of a TerminalLink: follows one terminal, goes on from the next byte
/// after a lost connection, and does not run ahead of who reads. Backend thread only.
class TerminalSession
{
public:
    TerminalSession(const api::asio::any_io_executor& executor,
                    std::shared_ptr<client::Client> client, std::string sandbox,
                    std::string terminal, qint64 since,
                    std::shared_ptr<Mailbox<TerminalNews>> mailbox);

    static api::Task<void> run(std::shared_ptr<TerminalSession> self);
    void type(std::string bytes);
    void resize(int cols, int rows);
    void setPaused(bool paused);
    /// `count` bytes were delivered: as many more may be fetched.
    void delivered(qint64 count);
    void close();

private:
    using Socket = std::shared_ptr<client::TerminalSocket>;

    api::Task<void> read(Socket socket);
    static api::Task<void> write(std::shared_ptr<TerminalSession> self, Socket socket);
    api::Task<Result<void>> writeNext(client::TerminalSocket& socket);
    void take(std::string bytes);
    /// False once there is nothing more to expect.
    bool take(const api::StreamControl& control);
    static Error errorOf(const api::StreamControl& control);
    void giveUp(const Error& error);

    api::asio::any_io_executor m_executor;
    std::shared_ptr<client::Client> m_client;
    std::string m_sandbox;
    std::string m_terminal;
    std::shared_ptr<Mailbox<TerminalNews>> m_mailbox;
    api::Notifier m_changed;
    Backoff m_backoff;

    Socket m_socket;
    qint64 m_next;         ///< offset of the next byte
    qint64 m_onTheWay = 0; ///< bytes put and not yet delivered
    std::deque<std::string> m_typed;
    std::optional<std::pair<int, int>> m_size;
    bool m_sizeIsNew = false;
    bool m_caughtUp = false;
    bool m_paused = false;
    bool m_done = false;
};

} // namespace caisson::desk
