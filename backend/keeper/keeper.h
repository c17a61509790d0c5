// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/keeperlink.h"
#include "backend/api/packet_socket.h"
#include "backend/api/paths.h"
#include "backend/keeper/egress/airlock.h"
#include "backend/keeper/link/init_link.h"
#include "backend/keeper/runtime/enter_namespaces.h"
#include "backend/keeper/runtime/start_container.h"
#include "backend/keeper/serve/exec_processes.h"
#include "backend/keeper/serve/server.h"
#include "backend/keeper/terminals/terminals.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace caisson::keeper {

/// One sandbox from its start to its end: starting → running → stopped or failed. caissond looks
/// on and asks; without it the sandbox goes on.
class Keeper
{
public:
    Keeper(api::asio::io_context& context, api::Paths paths, api::KeeperStart start,
           Result<KeeperNamespaces> namespaces);

    /// Runs the sandbox and returns when it has ended and whoever looked on was told. `listening`
    /// is the socket of keeperlink.h, made by caissond so that no connection is ever refused.
    api::Task<void> run(UniqueFd listening);

private:
    struct DaemonLink;

    Result<void> pipeInitLog(UniqueFd& input);
    Result<void> startContainer();
    Result<void> createAirlock();
    void takeSecrets(api::SecretValues secrets);
    void placeAsker(Asker& asker) const;
    void promptChanged(Prompts::Change change, const api::Prompt& prompt, const std::string& why);
    void policyChanged(std::int64_t generation);
    void publishEvent(api::Event event);
    void clearUp();
    api::Task<void> acceptLinks(UniqueFd listening);
    api::Task<void> readLink(std::shared_ptr<DaemonLink> link);
    api::Task<void> writeLink(std::shared_ptr<DaemonLink> link);
    void publish(api::KeeperMessage kind, const std::string& payload);
    void setState(api::SandboxState state, std::string why);
    void takeConnection(api::Packet packet);
    api::Task<void> refuse(api::Socket socket, std::string alreadyRead);
    api::Task<void> stop(std::string why);
    api::Task<void> endWithFolder();
    api::Task<void> flushLinks();
    void terminalChanged(Terminals::Change change, const api::Terminal& terminal);

    api::asio::io_context& m_context;
    api::Paths m_paths;
    api::KeeperStart m_start;
    Result<KeeperNamespaces> m_namespaces;
    api::KeeperStatus m_status;
    std::optional<Container> m_container;
    std::unique_ptr<InitLink> m_link;
    std::unique_ptr<Terminals> m_terminals;
    ExecProcesses m_execs;
    std::unique_ptr<Airlock> m_airlock;
    std::map<std::string, std::string> m_newSecrets; ///< until the last packet of them has come
    std::unique_ptr<Server> m_server;
    std::vector<std::shared_ptr<DaemonLink>> m_links;
    api::Notifier m_linksChanged;
    std::optional<std::string> m_stopping; ///< why, once somebody asked
};

} // namespace caisson::keeper
