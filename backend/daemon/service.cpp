// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/service.h"

#include "backend/api/codec.h"
#include "backend/base/clock.h"
#include "backend/base/log.h"
#include "backend/daemon/host_info.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <unistd.h>

namespace caisson::daemon {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

/// Sends what a handler came to, with the route's status.
template<class T>
Task<Result<void>> respond(api::ServerConnection& connection, const api::RouteMatch& match,
                           const Result<T>& outcome)
{
    if (!outcome)
        co_return std::unexpected(outcome.error());
    co_return co_await connection.respond(
        {match.route->status, "application/json", api::toJson(*outcome)});
}

/// It may carry a policy: a file of 1 MiB, the most that one may have, is more as JSON.
Task<Result<api::CreateSandbox>> readCreate(api::ServerConnection& connection)
{
    constexpr std::size_t kLargest = 4u << 20;
    const Result<std::string> body = co_await connection.readBody(kLargest);
    if (!body)
        co_return std::unexpected(body.error());
    if (const Result<void> checked = api::checkValueCount(*body); !checked)
        co_return std::unexpected(checked.error());
    co_return api::fromJson<api::CreateSandbox>(*body);
}

} // namespace

Service::Service(Sandboxes& sandboxes, EventHub& events, SecretStore& secrets)
    : m_sandboxes(sandboxes)
    , m_events(events)
    , m_secrets(secrets)
{
}

Task<void> Service::serve(api::Socket socket)
{
    ++m_clients;
    co_await serveConnection(std::move(socket));
    --m_clients;
    m_lastSeen = std::chrono::steady_clock::now();
}

Task<void> Service::serveConnection(api::Socket socket)
{
    api::ServerConnection connection(std::move(socket));
    do {
        Result<api::RequestHead> head = co_await connection.readHead();
        if (!head) {
            // Nobody waits for an answer to silence.
            if (head.error().code != ErrorCode::Unavailable)
                co_await connection.respondError(head.error());
            co_return;
        }
        Result<api::RouteMatch> match = api::matchRoute(head->method, head->target);
        if (!match) {
            co_await connection.respondError(match.error());
            continue;
        }
        if (match->route->servedBy == api::ServedBy::Keeper) {
            if (co_await handOver(connection, *match) == Next::Nothing)
                co_return;
            continue;
        }
        Result<void> answered = co_await answer(connection, *head, *match);
        if (!answered)
            co_await connection.respondError(answered.error());
    } while (connection.keepsAlive());
}

Task<Service::Next> Service::handOver(api::ServerConnection& connection,
                                      const api::RouteMatch& match)
{
    const std::string& name = match.parameter("id");
    const bool fromFolder = api::answersStopped(*match.route);
    Result<api::Sandbox> sandbox = match.route->touch == api::Touch::Acts
                                       ? co_await m_sandboxes.start(name)
                                   : fromFolder ? co_await m_sandboxes.showSettled(name)
                                                : co_await m_sandboxes.show(name);
    if (!sandbox) {
        co_await connection.respondError(sandbox.error());
        co_return Next::SameConnection;
    }
    if (sandbox->state != api::SandboxState::Running && fromFolder) {
        auto [socket, bytes] = connection.release();
        if (Result<void> spawned =
                m_sandboxes.answerStopped(sandbox->id, std::move(socket), std::move(bytes));
            !spawned)
            logFailure("{}", spawned.error().message); // the client sees its connection close
        co_return Next::Nothing;
    }
    if (sandbox->state != api::SandboxState::Running) {
        // Looking never starts a sandbox: one that is not running has no terminals, and that is an
        // answer; its files only a running one can show.
        if (match.route->operation == "listTerminals")
            co_await connection.respond(
                {200, "application/json", api::toJson(api::TerminalList{})});
        else
            co_await connection.respondError(
                {ErrorCode::NotRunning,
                 "sandbox \"" + sandbox->name + "\" is not running; start it to look inside",
                 {{"state", std::string(stateName(sandbox->state))}}});
        co_return Next::SameConnection;
    }
    auto [socket, bytes] = connection.release();
    // If the keeper ends at this very moment the client sees its connection close.
    std::ignore = m_sandboxes.handOver(sandbox->id, std::move(socket), std::move(bytes));
    co_return Next::Nothing;
}

Task<Result<void>> Service::answer(api::ServerConnection& connection, const api::RequestHead& head,
                                   const api::RouteMatch& match)
{
    const std::string_view operation = match.route->operation;
    if (operation == "health")
        co_return co_await respond(connection, match,
                                   Result<api::Health>({"ok", CAISSON_VERSION, ::getpid()}));
    if (operation == "openapi")
        co_return co_await connection.respond({200, "application/json", api::openApiDocument()});
    if (operation == "host")
        co_return co_await respond(connection, match, Result<api::HostInfo>(describeHost()));
    if (operation == "events") {
        const auto since = match.queryValue("since");
        const auto last = head.header("last-event-id");
        co_return co_await sendEvents(connection, since ? *since : last ? std::string(*last) : "");
    }
    if (operation == "createSandbox") {
        const auto request = co_await readCreate(connection);
        if (!request)
            co_return std::unexpected(request.error());
        co_return co_await respond(connection, match, co_await m_sandboxes.create(*request));
    }
    if (operation == "listSandboxes")
        co_return co_await respond(connection, match,
                                   Result<api::SandboxList>(co_await m_sandboxes.list()));
    if (match.route->pattern.starts_with("/v1/secrets"))
        co_return co_await answerSecrets(connection, match);
    const std::string& name = match.parameter("id");
    if (match.route->method == "POST" && !match.route->request) {
        if (Result<void> none = co_await api::readNoBody(connection); !none)
            co_return none;
    }
    if (operation == "showSandbox")
        co_return co_await respond(connection, match, co_await m_sandboxes.show(name));
    if (operation == "patchSandbox") {
        const auto patch = co_await api::readJson<api::PatchSandbox>(connection);
        if (!patch)
            co_return std::unexpected(patch.error());
        co_return co_await respond(connection, match, co_await m_sandboxes.patch(name, *patch));
    }
    if (operation == "startSandbox")
        co_return co_await respond(connection, match, co_await m_sandboxes.start(name));
    if (operation == "stopSandbox")
        co_return co_await respond(connection, match,
                                   co_await m_sandboxes.stop(name, "told to stop"));
    if (operation == "removeSandbox") {
        if (Result<void> removed = co_await m_sandboxes.remove(name); !removed)
            co_return removed;
        co_return co_await connection.respond({204, "", ""});
    }
    co_return fail(ErrorCode::Internal, "a route without a handler: " + std::string(operation));
}

Task<Result<void>> Service::answerSecrets(api::ServerConnection& connection,
                                          const api::RouteMatch& match)
{
    const std::string_view operation = match.route->operation;
    if (operation == "listSecrets")
        co_return co_await respond(connection, match, Result<api::SecretList>(m_secrets.list()));
    if (operation == "unlockSecrets") {
        auto request = co_await api::readJson<api::UnlockSecrets>(connection);
        if (!request)
            co_return std::unexpected(request.error());
        Result<api::SecretList> list = co_await m_secrets.unlock(std::move(request->passphrase));
        co_return co_await respond(connection, match, list);
    }
    const std::string& name = match.parameter("name");
    if (operation == "putSecret") {
        auto secret = co_await api::readJson<api::PutSecret>(connection);
        if (!secret)
            co_return std::unexpected(secret.error());
        co_return co_await respond(connection, match,
                                   co_await m_secrets.put(name, std::move(*secret)));
    }
    if (Result<void> removed = co_await m_secrets.remove(name); !removed)
        co_return removed;
    co_return co_await connection.respond({204, "", ""});
}

Task<Result<void>> Service::sendEvents(api::ServerConnection& connection, std::string cursor)
{
    if (co_await connection.startEvents())
        co_await (writeEvents(connection, std::move(cursor)) || connection.waitClosed());
    connection.closeAfterwards();
    co_return Result<void>{};
}

Task<void> Service::writeEvents(api::ServerConnection& connection, std::string cursor)
{
    std::optional<std::uint64_t> position = m_events.positionAfter(cursor);
    for (;;) {
        if (!position || m_events.isLost(*position)) {
            api::Event reset;
            reset.type = "reset";
            reset.time = nowRfc3339();
            position = m_events.newest();
            if (!co_await connection.writeBody(api::encodeSse(
                    {m_events.cursorOf(*position - 1), "reset", api::toJson(reset)})))
                co_return;
        }
        std::string text;
        while (const EventHub::Published* event = m_events.at(*position))
            text += api::encodeSse({m_events.cursorOf((*position)++), event->type, event->json});
        if (text.empty())
            co_await m_events.wait();
        else if (!co_await connection.writeBody(text))
            co_return;
    }
}

} // namespace caisson::daemon
