// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/terminals/terminal.h"

#include <functional>
#include <map>
#include <string>

namespace caisson::keeper {

/// The terminals of one incarnation.
class Terminals
{
public:
    /// Called with every change; `removed` when the terminal is no more.
    enum class Change { Created, Changed, Removed };
    using Listener = std::function<void(Change, const api::Terminal&)>;

    /// `folder` is this incarnation's own and does not exist yet.
    Terminals(InitLink& link, api::asio::any_io_executor executor, std::string folder,
              std::int64_t incarnation, Listener listener);

    api::Task<Result<api::Terminal>> create(api::CreateTerminal request);
    api::TerminalList list() const;

    /// Stale for an id of another incarnation, NotFound for one never given.
    Result<std::shared_ptr<Terminal>> find(const std::string& id) const;
    /// The id of the terminal whose program has this pid inside; empty: none has.
    std::string idOfProcess(std::int64_t pid) const;
    Result<api::Terminal> patch(const std::string& id, const api::PatchTerminal& patch);
    Result<void> remove(const std::string& id);

private:
    struct Spawned
    {
        std::shared_ptr<InitChannel> channel;
        std::int64_t pid = 0;
    };
    api::Task<Result<Spawned>> spawn(api::ExecRequest request);

    InitLink& m_link;
    api::asio::any_io_executor m_executor;
    std::string m_folder;
    std::int64_t m_incarnation;
    Listener m_listener;
    std::int64_t m_next = 1;
    std::map<std::int64_t, std::shared_ptr<Terminal>> m_terminals;
};

} // namespace caisson::keeper
