// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/packet_socket.h"
#include "backend/daemon/event_hub.h"
#include "backend/daemon/registry.h"
#include "backend/daemon/secret_store.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace caisson::daemon {

/// The life of the sandboxes: what may become of which state, and the keepers that live it.
///
///   stopped, failed → starting   start()
///   starting → running | failed  the keeper says so
///   running → stopped            stop(); or the host was restarted
///   running → failed             init or the keeper has ended
///
/// A keeper that ends has its leftovers cleared away before the state changes.
class Sandboxes
{
public:
    Sandboxes(api::asio::any_io_executor executor, api::Paths paths, EventHub& events,
              SecretStore& secrets);

    /// Reads the registry, finds the keepers that are still there, and clears up after those that
    /// are not.
    Result<void> load();

    /// Both wait for a keeper that is just dying, so that nobody is told of a state that is over.
    api::Task<Result<api::Sandbox>> show(std::string idOrName);
    api::Task<api::SandboxList> list();
    /// As show(), once its state is one that lasts: not while it starts or ends.
    api::Task<Result<api::Sandbox>> showSettled(std::string idOrName);
    api::Task<Result<api::Sandbox>> create(api::CreateSandbox request);
    api::Task<Result<api::Sandbox>> patch(std::string idOrName, api::PatchSandbox patch);
    api::Task<Result<api::Sandbox>> start(std::string idOrName);
    api::Task<Result<api::Sandbox>> stop(std::string idOrName, std::string why);
    api::Task<Result<void>> remove(std::string idOrName);

    /// Gives a connection to the sandbox's keeper. NotRunning when there is none.
    Result<void> handOver(const std::string& idOrName, api::Socket socket, std::string bytes);
    /// Has a request answered from the folder of a sandbox that does not run.
    Result<void> answerStopped(const std::string& id, api::Socket socket, std::string bytes);

    /// Tells the keepers the values of the secrets that they want, after one of these changed.
    void secretsChanged();

private:
    struct Keeper;

    void setState(Record& record, api::SandboxState state, std::string why);
    void publish(const char* type, const api::Sandbox& sandbox);
    Result<void> follow(const std::string& id);
    api::Task<void> readKeeper(std::string id, std::shared_ptr<Keeper> keeper);
    api::Task<void> keeperGone(std::string id, std::shared_ptr<Keeper> keeper);
    api::Task<void> endSlowStop(std::string id, std::shared_ptr<Keeper> keeper);
    api::Task<void> endSlowStart(std::string id, std::shared_ptr<Keeper> keeper);
    void kill(const std::string& id, Keeper& keeper, api::SandboxState state, std::string why);
    api::Task<void> writeKeeper(std::shared_ptr<Keeper> keeper);
    void sendSecrets(const std::string& id, const Keeper& keeper);
    std::vector<std::string> secretNames() const;
    void takeEvent(const std::string& id, api::Event event);
    void takeStatus(const std::string& id, Keeper& keeper, const api::KeeperStatus& status);
    void send(const std::string& id, api::KeeperMessage kind, std::string payload,
              UniqueFd descriptor = {});
    api::Task<void> deleteRemains(std::string id, std::string folder);
    bool isChanging(const Record& record) const;
    /// The record, once its sandbox is in a state that lasts.
    api::Task<Result<Record*>> settled(std::string idOrName);

    api::asio::any_io_executor m_executor;
    api::Paths m_paths;
    EventHub& m_events;
    SecretStore& m_secrets;
    Registry m_registry;
    std::map<std::string, std::shared_ptr<Keeper>> m_keepers; ///< by id, while their link is up
    std::set<std::string> m_leaving;                          ///< ids that are being removed
    api::Notifier m_changed;
};

} // namespace caisson::daemon
