// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/sandboxes.h"

#include "backend/api/codec.h"
#include "backend/api/names.h"
#include "backend/base/clock.h"
#include "backend/base/files.h"
#include "backend/base/log.h"
#include "backend/daemon/create_request.h"
#include "backend/daemon/keeper_process.h"
#include "backend/daemon/mount_request.h"

#include <deque>
#include <sstream>
#include <unistd.h>

namespace caisson::daemon {

using api::SandboxState;
using api::Task;
using namespace std::chrono_literals;

namespace {

// A keeper takes 2 s at most to hang up on commands, 5 s to end init, and some to clear up.
constexpr auto kStopLimit = 15s;
// A start takes 0.1 s; a machine that is out of breath, seconds. Its keeper gives init 10 s.
constexpr auto kStartLimit = 60s;

// Each holds a descriptor. A keeper that lives takes them as fast as they come.
constexpr std::size_t kMostWaiting = 256;

} // namespace

namespace {

/// Whether a process has been killed and is on its way out, which takes some milliseconds: its link
/// still stands while the kernel takes its memory and mounts apart.
bool isDying(std::int64_t pid)
{
    if (pid <= 0)
        return false;
    const Result<std::string> stat = readFile("/proc/" + std::to_string(pid) + "/stat");
    if (!stat)
        return true;
    // After the name in parentheses: state, ppid, pgrp, session, tty_nr, tpgid, flags (proc(5)).
    constexpr unsigned long kExiting = 4; // PF_EXITING, include/linux/sched.h
    std::istringstream fields(stat->substr(std::min(stat->rfind(')') + 1, stat->size())));
    char state = 0;
    long number = 0;
    unsigned long flags = 0;
    fields >> state >> number >> number >> number >> number >> number >> flags;
    return state == 'Z' || state == 'X' || (flags & kExiting) != 0;
}

} // namespace

/// The link to a keeper, and what its last word was.
struct Sandboxes::Keeper
{
    explicit Keeper(const api::asio::any_io_executor& executor)
        : toWrite(executor)
    {
    }

    struct Outgoing
    {
        api::KeeperMessage kind;
        std::string payload;
        UniqueFd descriptor;
    };
    std::optional<api::PacketSocket> socket; ///< none: found dead, being cleared up after
    std::deque<Outgoing> outgoing;
    api::Notifier toWrite;
    bool gone = false;
    std::vector<std::string> wantedSecrets; ///< names, as its last status has them
    bool hasSecrets = false;                ///< it was told what there is
    std::optional<api::KeeperStatus> ended; ///< stopped or failed, said before it leaves
};

Sandboxes::Sandboxes(api::asio::any_io_executor executor, api::Paths paths, EventHub& events,
                     SecretStore& secrets)
    : m_executor(executor)
    , m_paths(paths)
    , m_events(events)
    , m_secrets(secrets)
    , m_registry(std::move(paths))
    , m_changed(executor)
{
}

Result<void> Sandboxes::load()
{
    if (Result<void> loaded = m_registry.load(); !loaded)
        return loaded;
    const std::string boot = bootId();
    for (Record* record : m_registry.all()) {
        const std::string& id = record->sandbox.id;
        const bool wasRunning = record->sandbox.state == SandboxState::Running ||
                                record->sandbox.state == SandboxState::Starting;
        // The record may be older than the keeper: its state is written a moment later.
        if (::access(m_paths.keeperSocket(id).c_str(), F_OK) == 0 && follow(id)) {
            if (!wasRunning)
                setState(*record, SandboxState::Starting, "");
        } else if (wasRunning && record->boot != boot) {
            setState(*record, SandboxState::Stopped,
                     "the host was restarted; the sandbox's files are as they were");
        } else if (wasRunning) {
            auto keeper = std::make_shared<Keeper>(m_executor);
            m_keepers[id] = keeper;
            api::spawnDetached(m_executor, keeperGone(id, keeper), "clearing up after a keeper");
        }
    }
    for (const std::string& folder : m_registry.remains())
        api::spawnDetached(m_executor, deleteRemains("removed", folder), "deleting a sandbox");
    return {};
}

// ---- looking -----------------------------------------------------------------------------------

Task<Result<Record*>> Sandboxes::settled(std::string idOrName)
{
    Result<Record*> record = m_registry.find(idOrName);
    if (!record)
        co_return record;
    const std::string id = (*record)->sandbox.id;
    while (record && (isChanging(**record) || isDying((*record)->sandbox.keeperPid))) {
        co_await m_changed.wait();
        record = m_registry.find(id);
    }
    co_return record;
}

Task<Result<api::Sandbox>> Sandboxes::show(std::string idOrName)
{
    const Result<Record*> found = m_registry.find(idOrName);
    if (!found)
        co_return std::unexpected(found.error());
    if (!isDying((*found)->sandbox.keeperPid))
        co_return (*found)->sandbox;
    const Result<Record*> record = co_await settled(std::move(idOrName));
    if (!record)
        co_return std::unexpected(record.error());
    co_return (*record)->sandbox;
}

Task<Result<api::Sandbox>> Sandboxes::showSettled(std::string idOrName)
{
    const Result<Record*> record = co_await settled(std::move(idOrName));
    if (!record)
        co_return std::unexpected(record.error());
    co_return (*record)->sandbox;
}

Task<api::SandboxList> Sandboxes::list()
{
    std::vector<std::string> ids;
    for (const Record* record : m_registry.all())
        ids.push_back(record->sandbox.id);
    api::SandboxList list;
    for (const std::string& id : ids) {
        if (Result<api::Sandbox> sandbox = co_await show(id))
            list.sandboxes.push_back(std::move(*sandbox));
    }
    co_return list;
}

// ---- acting ------------------------------------------------------------------------------------

Task<Result<api::Sandbox>> Sandboxes::create(api::CreateSandbox request)
{
    std::set<std::string> secrets;
    for (const api::SecretInfo& secret : m_secrets.list().secrets)
        secrets.insert(secret.name);
    if (Result<void> checked = checkCreateRequest(request, secrets); !checked)
        co_return std::unexpected(checked.error());
    for (api::Mount& mount : request.mounts) {
        Result<api::Mount> resolved = resolvedMount(mount, m_paths);
        if (!resolved)
            co_return std::unexpected(resolved.error());
        mount = std::move(*resolved);
    }
    const Result<Record*> created = m_registry.create(request);
    if (!created)
        co_return std::unexpected(created.error());
    const std::string id = (*created)->sandbox.id;
    publish("sandbox.created", (*created)->sandbox);
    Result<void> ready;
    if (!request.policy.empty()) {
        m_registry.savePolicy(id, std::move(request.policy));
        ready = co_await m_registry.flush(); // its keeper reads it first of all
    }
    Result<api::Sandbox> started = (*created)->sandbox;
    if (!ready)
        started = std::unexpected(ready.error());
    else if (request.start)
        started = co_await start(id);
    if (Result<void> written = co_await m_registry.flush(); !written)
        started = std::unexpected(written.error());
    // What was never there cannot be looked at to see why, so nothing stays of it.
    if (!started) {
        if (Result<void> removed = co_await remove(id); !removed)
            logWarning("{}", removed.error().message);
    }
    co_return started;
}

Task<Result<api::Sandbox>> Sandboxes::patch(std::string idOrName, api::PatchSandbox patch)
{
    const Result<Record*> found = m_registry.find(idOrName);
    if (!found)
        co_return std::unexpected(found.error());
    Record& record = **found;
    const std::string id = record.sandbox.id;
    if (patch.name) {
        if (Result<void> renamed = m_registry.rename(record, *patch.name); !renamed)
            co_return std::unexpected(renamed.error());
    }
    if (patch.labels) {
        record.sandbox.labels = *patch.labels;
        m_registry.save(record);
    }
    publish("sandbox.changed", record.sandbox);
    if (m_keepers.contains(id))
        send(id, api::KeeperMessage::Update, api::toJson(record.sandbox));
    const api::Sandbox patched = record.sandbox;
    if (Result<void> written = co_await m_registry.flush(); !written)
        co_return std::unexpected(written.error());
    co_return patched;
}

bool Sandboxes::isChanging(const Record& record) const
{
    // A keeper whose sandbox has ended is being cleared up after.
    const auto keeper = m_keepers.find(record.sandbox.id);
    return record.sandbox.state == SandboxState::Starting ||
           (keeper != m_keepers.end() && record.sandbox.state != SandboxState::Running);
}

Task<Result<api::Sandbox>> Sandboxes::start(std::string idOrName)
{
    Result<Record*> found = co_await settled(std::move(idOrName));
    if (!found)
        co_return std::unexpected(found.error());
    if ((*found)->sandbox.state == SandboxState::Running)
        co_return (*found)->sandbox;

    const std::string id = (*found)->sandbox.id;
    if (m_leaving.contains(id))
        co_return fail(ErrorCode::Conflict, "the sandbox is being removed");
    Record& record = **found;
    record.boot = bootId();
    ++record.sandbox.incarnation;
    setState(record, SandboxState::Starting, "");
    const Result<pid_t> spawned = spawnKeeper(m_paths, {record.sandbox, record.idBase});
    const Result<void> followed = spawned ? follow(id) : std::unexpected(spawned.error());
    if (!followed) {
        setState(record, SandboxState::Failed, followed.error().message);
        co_return std::unexpected(followed.error());
    }
    record.sandbox.keeperPid = *spawned;
    m_registry.save(record);
    api::spawnDetached(m_executor, endSlowStart(id, m_keepers.at(id)), "a start that hangs");
    do {
        co_await m_changed.wait();
        found = m_registry.find(id);
    } while (found && isChanging(**found));
    if (!found)
        co_return std::unexpected(found.error());
    if ((*found)->sandbox.state != SandboxState::Running)
        co_return fail(ErrorCode::RuntimeFailed,
                       "the sandbox did not start: " + (*found)->sandbox.why);
    co_return (*found)->sandbox;
}

Task<Result<api::Sandbox>> Sandboxes::stop(std::string idOrName, std::string why)
{
    Result<Record*> found = co_await settled(std::move(idOrName));
    if (!found)
        co_return std::unexpected(found.error());
    const std::string id = (*found)->sandbox.id;
    if (const auto keeper = m_keepers.find(id);
        keeper != m_keepers.end() && (*found)->sandbox.state == SandboxState::Running) {
        send(id, api::KeeperMessage::Stop, api::toJson(api::StopKeeper{std::move(why)}));
        api::spawnDetached(m_executor, endSlowStop(id, keeper->second), "a stop that hangs");
    }
    while (found && m_keepers.contains(id)) {
        co_await m_changed.wait();
        found = m_registry.find(id);
    }
    if (!found)
        co_return std::unexpected(found.error());
    co_return (*found)->sandbox;
}

Task<Result<void>> Sandboxes::remove(std::string idOrName)
{
    const Result<Record*> found = m_registry.find(idOrName);
    if (!found)
        co_return std::unexpected(found.error());
    const std::string id = (*found)->sandbox.id;
    if (!m_leaving.insert(id).second)
        co_return fail(ErrorCode::Conflict, "the sandbox is being removed already");
    const Result<api::Sandbox> stopped = co_await stop(id, "being removed");
    // A record that is still being written must not bring the folder back.
    if (Result<void> written = co_await m_registry.flush(); !written)
        logWarning("{}", written.error().message);
    const Result<void> removed = stopped ? m_registry.remove(id) : std::unexpected(stopped.error());
    m_leaving.erase(id);
    if (!removed)
        co_return removed;
    publish("sandbox.removed", *stopped);
    m_secrets.forgetUses(id);
    m_changed.notifyAll();
    for (const std::string& folder : m_registry.remains()) {
        if (folder.ends_with(id))
            api::spawnDetached(m_executor, deleteRemains(id, folder), "deleting a sandbox");
    }
    co_return Result<void>{};
}

Task<void> Sandboxes::deleteRemains(std::string id, std::string folder)
{
    if (Result<void> deleted = co_await deleteFolder(m_paths, std::move(id), folder); !deleted)
        logWarning("{} is still there: {}", folder, deleted.error().message);
}

Result<void> Sandboxes::handOver(const std::string& idOrName, api::Socket socket, std::string bytes)
{
    const Result<Record*> record = m_registry.find(idOrName);
    if (!record)
        return std::unexpected(record.error());
    const auto keeper = m_keepers.find((*record)->sandbox.id);
    if (keeper == m_keepers.end())
        return fail(ErrorCode::NotRunning, "the sandbox is not running");
    if (keeper->second->outgoing.size() >= kMostWaiting)
        return fail(ErrorCode::Unavailable,
                    "the sandbox's keeper does not answer; stop the sandbox and start it again");
    boost::system::error_code code;
    UniqueFd descriptor(socket.release(code));
    if (code)
        return std::unexpected(api::asioError(code, "the connection cannot be handed over"));
    send((*record)->sandbox.id, api::KeeperMessage::Connection, std::move(bytes),
         std::move(descriptor));
    return {};
}

Result<void> Sandboxes::answerStopped(const std::string& id, api::Socket socket, std::string bytes)
{
    boost::system::error_code code;
    UniqueFd descriptor(socket.release(code));
    if (code)
        return std::unexpected(api::asioError(code, "the connection cannot be handed over"));
    return spawnAnswer(m_paths, id, std::move(descriptor), secretNames(), bytes);
}

// ---- keepers -----------------------------------------------------------------------------------

void Sandboxes::publish(const char* type, const api::Sandbox& sandbox)
{
    api::Event event;
    event.type = type;
    event.sandbox = sandbox.id;
    event.state = sandbox;
    m_events.publish(std::move(event));
}

void Sandboxes::setState(Record& record, SandboxState state, std::string why)
{
    record.sandbox.state = state;
    record.sandbox.why = std::move(why);
    if (state != SandboxState::Running) {
        if (state != SandboxState::Starting)
            record.sandbox.keeperPid = 0;
        record.sandbox.workspaceHost.clear();
    }
    m_registry.save(record);
    publish("sandbox.changed", record.sandbox);
    m_changed.notifyAll();
}

/// Connects to a keeper's socket, which listens as long as the keeper lives.
Result<void> Sandboxes::follow(const std::string& id)
{
    Result<UniqueFd> fd = api::connectForPackets(m_paths.keeperSocket(id));
    if (!fd)
        return std::unexpected(fd.error());
    auto keeper = std::make_shared<Keeper>(m_executor);
    keeper->socket.emplace(m_executor, std::move(*fd));
    m_keepers[id] = keeper;
    api::spawnDetached(m_executor, readKeeper(id, keeper), "reading from a keeper");
    api::spawnDetached(m_executor, writeKeeper(keeper), "writing to a keeper");
    return {};
}

Task<void> Sandboxes::readKeeper(std::string id, std::shared_ptr<Keeper> keeper)
{
    for (;;) {
        const Result<api::Packet> packet = co_await keeper->socket->receive();
        if (!packet)
            break;
        if (packet->kind == api::KeeperMessage::Status) {
            if (const auto status = api::fromJson<api::KeeperStatus>(packet->payload))
                takeStatus(id, *keeper, *status);
            else
                logWarning("a keeper's status: {}", status.error().message);
        } else if (packet->kind == api::KeeperMessage::Event) {
            if (auto event = api::fromJson<api::Event>(packet->payload))
                takeEvent(id, std::move(*event));
            else
                logWarning("a keeper's event: {}", event.error().message);
        }
    }
    co_await keeperGone(std::move(id), std::move(keeper));
}

Task<void> Sandboxes::keeperGone(std::string id, std::shared_ptr<Keeper> keeper)
{
    keeper->gone = true;
    keeper->toWrite.notifyAll();
    if (Result<void> cleared = co_await clearUpAfterKeeper(m_paths, id); !cleared)
        logWarning("{}", cleared.error().message);
    ::unlink(m_paths.keeperSocket(id).c_str());
    m_keepers.erase(id);
    if (const Result<Record*> record = m_registry.find(id)) {
        if (keeper->ended)
            setState(**record, keeper->ended->state, keeper->ended->why);
        else
            setState(**record, SandboxState::Failed,
                     "its keeper was killed, and the sandbox ended with it; start it again");
    }
    m_changed.notifyAll();
}

/// A keeper may hang as any program may: stopped by a signal, or waiting for a disk that does not
/// answer. It is then killed, and what it leaves is cleared away as after any that was killed.
Task<void> Sandboxes::endSlowStop(std::string id, std::shared_ptr<Keeper> keeper)
{
    if (co_await api::sleepFor(kStopLimit) && !keeper->gone)
        kill(id, *keeper, SandboxState::Stopped, "its keeper did not answer and was killed");
}

Task<void> Sandboxes::endSlowStart(std::string id, std::shared_ptr<Keeper> keeper)
{
    if (!co_await api::sleepFor(kStartLimit) || keeper->gone)
        co_return;
    const Result<Record*> record = m_registry.find(id);
    if (record && (*record)->sandbox.state == SandboxState::Starting)
        kill(id, *keeper, SandboxState::Failed, "it was not ready after 60 s and was ended");
}

void Sandboxes::kill(const std::string& id, Keeper& keeper, SandboxState state, std::string why)
{
    const Result<Record*> record = m_registry.find(id);
    if (!record)
        return;
    if (!keeper.ended) {
        keeper.ended.emplace();
        keeper.ended->state = state;
        keeper.ended->why = std::move(why);
    }
    if (Result<void> killed = killKeeper(id, (*record)->sandbox.keeperPid); !killed)
        logFailure("{}", killed.error().message);
}

Task<void> Sandboxes::writeKeeper(std::shared_ptr<Keeper> keeper)
{
    while (!keeper->gone) {
        if (keeper->outgoing.empty()) {
            co_await keeper->toWrite.wait();
            continue;
        }
        Keeper::Outgoing packet = std::move(keeper->outgoing.front());
        keeper->outgoing.pop_front();
        if (!co_await keeper->socket->send(packet.kind, std::move(packet.payload),
                                           packet.descriptor.get()))
            co_return; // the reader sees the same end
    }
}

void Sandboxes::send(const std::string& id, api::KeeperMessage kind, std::string payload,
                     UniqueFd descriptor)
{
    const auto found = m_keepers.find(id);
    if (found == m_keepers.end())
        return;
    found->second->outgoing.push_back({kind, std::move(payload), std::move(descriptor)});
    found->second->toWrite.notifyAll();
}

void Sandboxes::takeEvent(const std::string& id, api::Event event)
{
    if (event.type != "secret.used") {
        m_events.publish(std::move(event));
        return;
    }
    if (!event.secret || !event.use)
        return;
    event.use->sandbox = id;
    if (event.use->time.empty())
        event.use->time = nowRfc3339();
    m_secrets.noteUse(*event.secret, std::move(*event.use));
}

void Sandboxes::secretsChanged()
{
    for (const auto& [id, keeper] : m_keepers)
        sendSecrets(id, *keeper);
}

/// All that the keeper wants, in as many packets as that takes, and the names of all there are.
void Sandboxes::sendSecrets(const std::string& id, const Keeper& keeper)
{
    constexpr std::size_t kRoom = api::kMaxKeeperPacket - 1024;
    api::SecretValues values;
    std::size_t used = 0;
    const auto flush = [&](bool more) {
        values.more = more;
        send(id, api::KeeperMessage::Secrets, api::toJson(values));
        for (auto& [name, value] : values.values)
            cleanse(value);
        values.values.clear();
        used = 0;
    };
    for (const std::string& name : keeper.wantedSecrets) {
        const SecretText* value = m_secrets.value(name);
        if (!value)
            continue;
        // With every character escaped ('"' and '\\' are; what takes more is in no value), and quotes.
        const std::size_t size = 2 * value->view().size() + name.size() + 16;
        if (used > 0 && used + size > kRoom)
            flush(true);
        values.values[name] = value->view();
        used += size;
    }
    values.names = secretNames();
    flush(false);
}

std::vector<std::string> Sandboxes::secretNames() const
{
    std::vector<std::string> names;
    for (const api::SecretInfo& secret : m_secrets.list().secrets)
        names.push_back(secret.name);
    return names;
}

void Sandboxes::takeStatus(const std::string& id, Keeper& keeper, const api::KeeperStatus& status)
{
    const Result<Record*> found = m_registry.find(id);
    if (!found)
        return;
    Record& record = **found;
    if (status.state == SandboxState::Stopped || status.state == SandboxState::Failed) {
        // Told to everybody when the keeper has gone and nothing of it is left.
        keeper.ended = status;
        return;
    }
    record.sandbox.keeperPid = status.pid;
    record.sandbox.started = status.started;
    record.sandbox.workspaceHost = status.workspaceHost;
    record.sandbox.limits.applied = status.applied;
    if (keeper.wantedSecrets != status.secrets || !keeper.hasSecrets) {
        keeper.wantedSecrets = status.secrets;
        keeper.hasSecrets = true;
        sendSecrets(id, keeper);
    }
    if (status.state == SandboxState::Running && record.sandbox.state != SandboxState::Running)
        setState(record, SandboxState::Running, "");
}

} // namespace caisson::daemon
