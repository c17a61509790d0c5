// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/api/websocket.h"
#include "backend/keeper/journal/journal.h"
#include "backend/keeper/link/init_link.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace caisson::keeper {

/// One terminal: its program at init, its journal, and the clients that look on. What the program
/// writes goes to the journal at once, whether anybody looks or not; each client reads the journal
/// at its own pace. A program that floods is held to the pace of who follows it, as at any terminal.
class Terminal : public std::enable_shared_from_this<Terminal>
{
public:
    Terminal(InitLink& link, api::asio::any_io_executor executor,
             std::shared_ptr<InitChannel> channel, Journal journal, api::Terminal info);

    api::Terminal info() const;

    /// Moves output to the journal until the program ends. `changed` is called when it has ended.
    api::Task<void> pump(std::function<void()> changed);

    /// Serves one client from `since` on, until it leaves, or the program has ended and all of it
    /// was sent.
    api::Task<void> serve(api::WebSocket socket, std::int64_t since);

    void setTitle(std::string title);
    void resize(std::int64_t cols, std::int64_t rows);

    /// Hangs up, drops the journal and lets the clients go.
    void remove();

    std::int64_t end() const { return m_journal.end(); }

private:
    struct Client
    {
        std::int64_t cols = 0;
        std::int64_t rows = 0;
        std::int64_t sent = 0; ///< offset of what it was not sent yet
        bool follows = false;  ///< it had been sent everything once, and was not too slow since
    };

    api::Task<void> sendOutput(api::WebSocket& socket, std::uint64_t client, std::int64_t offset);
    api::Task<void> record(std::string_view bytes);
    api::Task<void> letClientsFollow();
    std::optional<std::int64_t> sentToFollowers() const;
    api::Task<void> takeInput(api::WebSocket& socket, std::uint64_t client);
    Result<void> obey(const std::string& text, std::uint64_t client);
    void clientResized(std::uint64_t client, std::int64_t cols, std::int64_t rows);

    InitLink& m_link;
    std::shared_ptr<InitChannel> m_channel;
    Journal m_journal;
    api::Terminal m_info;
    api::Notifier m_changed;
    api::Notifier m_sent; ///< something was, or a client has left
    std::map<std::uint64_t, Client> m_clients;
    std::uint64_t m_nextClient = 1;
    std::uint64_t m_typedLast = 0;   ///< the client whose size holds
    std::optional<Error> m_waitsFor; ///< what must change before more is taken from the program
    bool m_removed = false;
};

/// Whether a size makes sense as rows or columns of a terminal.
bool isTerminalSize(std::int64_t cols, std::int64_t rows);

} // namespace caisson::keeper
