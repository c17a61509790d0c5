// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/keeper.h"

#include "backend/base/clock.h"
#include "backend/base/log.h"
#include "backend/base/process.h"
#include "backend/keeper/runtime/cgroups.h"
#include "backend/keeper/runtime/leftovers.h"
#include "backend/keeper/runtime/process_handle.h"
#include "backend/keeper/storage/tree.h"

#include <array>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <format>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
/// How long an ending keeper waits for caissond to take the news.
constexpr std::chrono::seconds kFarewell(5);
constexpr std::chrono::seconds kHelloLimit(10);
constexpr std::chrono::seconds kKillLimit(5);
constexpr std::chrono::seconds kLookAround(5);
/// The log is the host's disk, and who writes is a sandbox.
constexpr std::size_t kMaxInitLog = 256 * 1024;

std::string initProgram()
{
    // For tests of a keeper whose init lies.
    if (const char* program = std::getenv("CAISSON_INIT"))
        return program;
    return siblingProgram("caisson-init");
}

/// How long a request waits for a person, if it is not the usual time.
Result<std::optional<std::chrono::milliseconds>> promptLimit()
{
    const char* text = std::getenv("CAISSON_PROMPT_SECONDS");
    if (!text || !*text)
        return std::nullopt;
    char* end = nullptr;
    const double seconds = std::strtod(text, &end);
    constexpr double kDay = 24 * 3600;
    if (end == text || *end != '\0' || !(seconds >= 1 && seconds <= kDay))
        return fail(
            ErrorCode::BadRequest,
            std::format("CAISSON_PROMPT_SECONDS is \"{}\", which is no number of seconds from "
                        "1 to 86400; set it where caissond starts, or leave it out",
                        text));
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

} // namespace

struct Keeper::DaemonLink
{
    explicit DaemonLink(const api::asio::any_io_executor& executor, UniqueFd fd)
        : socket(executor, std::move(fd))
        , toWrite(executor)
    {
    }
    api::PacketSocket socket;
    std::deque<std::pair<api::KeeperMessage, std::string>> outgoing;
    api::Notifier toWrite;
    bool gone = false;
};

Keeper::Keeper(api::asio::io_context& context, api::Paths paths, api::KeeperStart start,
               Result<KeeperNamespaces> namespaces)
    : m_context(context)
    , m_paths(std::move(paths))
    , m_start(std::move(start))
    , m_namespaces(std::move(namespaces))
    , m_linksChanged(context.get_executor())
{
    m_status.version = CAISSON_VERSION;
    m_status.sandbox = m_start.sandbox.id;
    m_status.incarnation = m_start.sandbox.incarnation;
    m_status.pid = ::getpid();
}

Task<void> Keeper::run(UniqueFd listening)
{
    api::spawnDetached(m_context.get_executor(), acceptLinks(std::move(listening)),
                       "links to caissond");
    if (Result<void> started = startContainer(); !started) {
        logFailure("start: {}", started.error().message);
        clearUp();
        setState(api::SandboxState::Failed, started.error().message);
    } else {
        std::optional<Error> lost;
        const auto greeted = [&]() -> Task<void> {
            auto hello = co_await (m_link->waitHello() || api::sleepFor(kHelloLimit));
            if (hello.index() == 0 && std::get<0>(hello)) {
                m_status.started = nowRfc3339();
                setState(api::SandboxState::Running, "");
                // What starting took (the host's certificates, the packet rules) is never needed
                // again.
                ::malloc_trim(0);
            } else if (hello.index() == 1) {
                logFailure("init said nothing for 10 s");
                std::ignore = killProcess(m_container->process.get());
            }
        };
        api::spawnDetached(m_context.get_executor(), greeted(), "waiting for init");
        api::spawnDetached(m_context.get_executor(), endWithFolder(), "looking for the folder");
        lost = co_await m_link->run();
        // Whatever ended the link, nothing of the sandbox may live on.
        if (Result<void> killed = killProcess(m_container->process.get()); !killed)
            logFailure("{}", killed.error().message);
        int status = 0;
        if (waitForEnd(m_container->process.get(), kKillLimit))
            ::waitpid(m_container->initPid, &status, 0);
        else
            logFailure("init does not end");
        const bool isOutOfMemory = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
                                   ranOutOfMemory(m_container->cgroups);
        clearUp();
        if (m_stopping)
            setState(api::SandboxState::Stopped, *m_stopping);
        else
            setState(api::SandboxState::Failed,
                     lost->code == ErrorCode::Protocol ? lost->message
                     : isOutOfMemory
                         ? "it used up the memory it may have, files in /dev/shm included; "
                           "start it again, or make one with more --memory"
                         : "the sandbox's first process ended by itself; start it again");
    }
    co_await (flushLinks() || api::sleepFor(kFarewell));
}

/// A sandbox whose folder was deleted can be neither reached nor listed: its processes would go on
/// unseen for ever.
Task<void> Keeper::endWithFolder()
{
    const std::string folder = m_paths.sandbox(m_start.sandbox.id);
    while (co_await api::sleepFor(kLookAround)) {
        if (::access(folder.c_str(), F_OK) == 0 || errno != ENOENT)
            continue;
        m_stopping = "its folder " + folder + " was deleted";
        if (Result<void> killed = killProcess(m_container->process.get()); !killed)
            logFailure("{}", killed.error().message);
        co_return;
    }
}

/// What init and the runtime write to standard error reaches the log through a pipe: the log's own
/// descriptor would let a sandbox open the file it stands for.
Result<void> Keeper::pipeInitLog(UniqueFd& input)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failErrno("cannot make a pipe");
    input.reset(ends[1]);
    const auto copy = [](api::asio::posix::stream_descriptor output) -> Task<void> {
        std::array<char, 4096> room;
        std::size_t left = kMaxInitLog;
        for (;;) {
            const auto [code, size] =
                co_await output.async_read_some(api::asio::buffer(room), kTuple);
            if (code)
                co_return;
            const std::size_t logged = std::min(size, left);
            if (logged > 0)
                logInfo("inside: {}", std::string_view(room.data(), logged));
            left -= logged;
        }
    };
    api::spawnDetached(m_context.get_executor(),
                       copy(api::asio::posix::stream_descriptor(m_context, ends[0])),
                       "the log of init");
    return {};
}

Result<void> Keeper::startContainer()
{
    if (!m_namespaces)
        return std::unexpected(m_namespaces.error());
    // Terminals of an earlier incarnation are gone, and so is what they wrote.
    const std::string journals = m_paths.sandbox(m_start.sandbox.id) + "/journal";
    if (Result<void> removed = removeTree(journals); !removed)
        return removed;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return failErrno("cannot make a socket");
    UniqueFd inside(ends[1]);
    api::Socket outside(m_context, api::asio::local::stream_protocol(), ends[0]);
    UniqueFd logInput;
    if (Result<void> piped = pipeInitLog(logInput); !piped)
        return piped;
    const std::string folder = m_paths.sandbox(m_start.sandbox.id);
    if (Result<void> created = createAirlock(); !created)
        return created;
    Result<Container> container = keeper::startContainer(
        {
            .sandbox = m_start.sandbox,
            .idBase = m_start.idBase,
            .folder = folder,
            .bases = m_paths.data + "/bases",
            .runFolder = m_paths.run,
            .initProgram = initProgram(),
            .link = std::move(inside),
            .log = logInput.get(),
            .authorityPem = m_airlock->authorityPem(),
        },
        *m_namespaces);
    if (!container)
        return std::unexpected(container.error());
    m_container = std::move(*container);
    // Before init is spoken to, so that nothing inside ever runs without it.
    if (Result<void> opened = m_airlock->open(m_container->initPid); !opened)
        return opened;
    m_status.applied = m_container->applied;
    m_status.workspaceHost = m_container->workspaceHost;
    m_link = std::make_unique<InitLink>(m_context.get_executor(), std::move(outside));
    m_terminals = std::make_unique<Terminals>(
        *m_link, m_context.get_executor(), journals, m_start.sandbox.incarnation,
        [this](Terminals::Change change, const api::Terminal& terminal) {
            terminalChanged(change, terminal);
        });
    m_server = std::make_unique<Server>(*m_link, *m_terminals, *m_airlock, m_execs);
    return {};
}

// ---- the airlock -------------------------------------------------------------------------------

Result<void> Keeper::createAirlock()
{
    AirlockSpec spec;
    spec.folder = m_paths.sandbox(m_start.sandbox.id);
    spec.name = m_start.sandbox.name;
    spec.incarnation = m_start.sandbox.incarnation;
    const auto limit = promptLimit();
    if (!limit)
        return std::unexpected(limit.error());
    if (*limit)
        spec.promptLimit = **limit;
    auto airlock = Airlock::create(
        m_context.get_executor(), std::move(spec),
        {.prompt = [this](Prompts::Change change, const api::Prompt& prompt,
                          const std::string& why) { promptChanged(change, prompt, why); },
         .policy = [this](std::int64_t generation) { policyChanged(generation); },
         .secretUsed =
             [this](const std::string& secret, const api::SecretUse& use) {
                 api::Event event;
                 event.type = "secret.used";
                 event.secret = secret;
                 event.use = use;
                 event.use->sandbox = m_start.sandbox.id;
                 publishEvent(std::move(event));
             },
         .place = [this](Asker& asker) { placeAsker(asker); }});
    if (!airlock)
        return std::unexpected(airlock.error());
    m_airlock = std::move(*airlock);
    m_status.secrets = policy::secretsOf(m_airlock->policy().policy());
    return {};
}

/// They may take several packets; together they are all there are.
void Keeper::takeSecrets(api::SecretValues secrets)
{
    m_newSecrets.merge(secrets.values);
    if (!secrets.more)
        m_airlock->setSecrets(std::exchange(m_newSecrets, {}), secrets.names);
}

void Keeper::placeAsker(Asker& asker) const
{
    if (!asker.process)
        return;
    std::vector<std::int64_t> pids{asker.process->info.pid};
    for (const api::ProcessInfo& parent : asker.process->info.parents)
        pids.push_back(parent.pid);
    for (const std::int64_t pid : pids) {
        if (m_execs.contains(pid)) {
            asker.exec = std::to_string(pid);
            return;
        }
        if (m_terminals)
            asker.terminal = m_terminals->idOfProcess(pid);
        if (!asker.terminal.empty())
            return;
    }
}

void Keeper::promptChanged(Prompts::Change change, const api::Prompt& prompt,
                           const std::string& why)
{
    api::Event event;
    event.type = change == Prompts::Change::Created   ? "prompt.created"
                 : change == Prompts::Change::Changed ? "prompt.changed"
                                                      : "prompt.removed";
    event.prompt = prompt;
    if (change == Prompts::Change::Removed)
        event.why = why;
    publishEvent(std::move(event));
}

void Keeper::policyChanged(std::int64_t generation)
{
    if (auto secrets = policy::secretsOf(m_airlock->policy().policy());
        secrets != m_status.secrets) {
        m_status.secrets = std::move(secrets);
        publish(api::KeeperMessage::Status, api::toJson(m_status));
    }
    api::Event event;
    event.type = "policy.changed";
    event.generation = generation;
    publishEvent(std::move(event));
}

void Keeper::publishEvent(api::Event event)
{
    event.time = nowRfc3339();
    event.sandbox = m_start.sandbox.id;
    publish(api::KeeperMessage::Event, api::toJson(event));
}

void Keeper::clearUp()
{
    const std::string& id = m_start.sandbox.id;
    if (Result<void> cleared = removeLeftovers(id, m_paths.sandbox(id), m_paths.run); !cleared)
        logFailure("{}", cleared.error().message);
    // The record of them goes with the sandbox's folder, if somebody deletes that.
    if (Result<void> removed = m_container ? removeCgroups(m_container->cgroups) : Result<void>();
        !removed)
        logFailure("{}", removed.error().message);
}

void Keeper::setState(api::SandboxState state, std::string why)
{
    m_status.state = state;
    m_status.why = std::move(why);
    publish(api::KeeperMessage::Status, api::toJson(m_status));
}

void Keeper::terminalChanged(Terminals::Change change, const api::Terminal& terminal)
{
    api::Event event;
    event.type = change == Terminals::Change::Created   ? "terminal.created"
                 : change == Terminals::Change::Changed ? "terminal.changed"
                                                        : "terminal.removed";
    event.terminal = terminal;
    publishEvent(std::move(event));
}

// ---- caissond's links --------------------------------------------------------------------------

void Keeper::publish(api::KeeperMessage kind, const std::string& payload)
{
    for (const auto& link : m_links) {
        link->outgoing.emplace_back(kind, payload);
        link->toWrite.notifyAll();
    }
}

Task<void> Keeper::acceptLinks(UniqueFd listening)
{
    api::asio::posix::stream_descriptor descriptor(m_context, listening.release());
    for (;;) {
        const auto [code] =
            co_await descriptor.async_wait(api::asio::posix::descriptor_base::wait_read, kTuple);
        if (code)
            co_return;
        UniqueFd accepted(
            ::accept4(descriptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!accepted)
            continue; // the peer went away between connecting and now
        auto link = std::make_shared<DaemonLink>(m_context.get_executor(), std::move(accepted));
        link->outgoing.emplace_back(api::KeeperMessage::Status, api::toJson(m_status));
        m_links.push_back(link);
        api::spawnDetached(m_context.get_executor(), readLink(link), "reading from caissond");
        api::spawnDetached(m_context.get_executor(), writeLink(link), "writing to caissond");
    }
}

Task<void> Keeper::readLink(std::shared_ptr<DaemonLink> link)
{
    for (;;) {
        Result<api::Packet> packet = co_await link->socket.receive();
        if (!packet)
            break;
        if (packet->kind == api::KeeperMessage::Connection) {
            takeConnection(std::move(*packet));
        } else if (packet->kind == api::KeeperMessage::Stop) {
            if (auto request = api::fromJson<api::StopKeeper>(packet->payload))
                api::spawnDetached(m_context.get_executor(), stop(std::move(request->why)),
                                   "stopping");
            else
                logWarning("a request to stop that makes no sense: {}", request.error().message);
        } else if (packet->kind == api::KeeperMessage::Update) {
            if (const auto sandbox = api::fromJson<api::Sandbox>(packet->payload))
                m_start.sandbox = *sandbox;
        } else if (packet->kind == api::KeeperMessage::Secrets && m_airlock) {
            if (auto secrets = api::fromJson<api::SecretValues>(packet->payload))
                takeSecrets(std::move(*secrets));
            OPENSSL_cleanse(packet->payload.data(), packet->payload.size());
        }
    }
    link->gone = true;
    link->toWrite.notifyAll();
    std::erase(m_links, link);
    m_linksChanged.notifyAll();
}

Task<void> Keeper::writeLink(std::shared_ptr<DaemonLink> link)
{
    while (!link->gone) {
        if (link->outgoing.empty()) {
            m_linksChanged.notifyAll();
            co_await link->toWrite.wait();
            continue;
        }
        auto [kind, payload] = std::move(link->outgoing.front());
        if (!co_await link->socket.send(kind, std::move(payload)))
            co_return; // the reader sees the same end
        link->outgoing.pop_front();
    }
}

/// Returns when somebody was there and has been told everything.
Task<void> Keeper::flushLinks()
{
    const auto told = [this] {
        return !m_links.empty() && std::ranges::all_of(m_links, [](const auto& link) {
            return link->outgoing.empty();
        });
    };
    while (!told())
        co_await m_linksChanged.wait();
}

// ---- what caissond asks ------------------------------------------------------------------------

void Keeper::takeConnection(api::Packet packet)
{
    if (!packet.descriptor)
        return;
    api::Socket socket(m_context);
    boost::system::error_code code;
    socket.assign(api::asio::local::stream_protocol(), packet.descriptor.get(), code);
    if (code) {
        logWarning("a connection that was handed over is unusable: {}", code.message());
        return;
    }
    std::ignore = packet.descriptor.release(); // the socket's now
    if (m_status.state == api::SandboxState::Running)
        api::spawnDetached(m_context.get_executor(),
                           m_server->serve(std::move(socket), std::move(packet.payload)),
                           "a request");
    else
        api::spawnDetached(m_context.get_executor(),
                           refuse(std::move(socket), std::move(packet.payload)), "a refusal");
}

Task<void> Keeper::refuse(api::Socket socket, std::string alreadyRead)
{
    api::ServerConnection connection(std::move(socket), std::move(alreadyRead));
    if (!co_await connection.readHead())
        co_return;
    connection.closeAfterwards();
    co_await connection.respondError(
        {ErrorCode::NotRunning, "the sandbox is not running; start it and try again", {}});
}

Task<void> Keeper::stop(std::string why)
{
    if (m_stopping || !m_link)
        co_return;
    m_stopping = std::move(why);
    co_await m_link->hangUpCommands();
    if (Result<void> killed = killProcess(m_container->process.get()); !killed)
        logFailure("{}", killed.error().message);
}

} // namespace caisson::keeper
