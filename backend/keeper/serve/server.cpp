// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/server.h"

#include "backend/keeper/serve/egress.h"

namespace caisson::keeper {

using api::Task;

Server::Server(InitLink& link, Terminals& terminals, Airlock& airlock, ExecProcesses& execs)
    : m_link(link)
    , m_terminals(terminals)
    , m_airlock(airlock)
    , m_execs(execs)
{
}

EgressDesk Server::egressDesk()
{
    // Both live as long as the keeper.
    return {.policy =
                [this](EgressDesk::Use) {
                    return std::shared_ptr<LivePolicy>(std::shared_ptr<void>(),
                                                       &m_airlock.policy());
                },
            .log =
                [this] {
                    return std::shared_ptr<RequestLog>(std::shared_ptr<void>(), &m_airlock.log());
                },
            .airlock = &m_airlock};
}

Task<void> Server::serve(api::Socket socket, std::string alreadyRead)
{
    api::ServerConnection connection(std::move(socket), std::move(alreadyRead));
    const Result<api::RequestHead> head = co_await connection.readHead();
    connection.closeAfterwards();
    if (!head) {
        co_await connection.respondError(head.error());
        co_return;
    }
    const Result<api::RouteMatch> match = api::matchRoute(head->method, head->target);
    if (!match) {
        co_await connection.respondError(match.error());
        co_return;
    }
    Result<void> done = co_await dispatch(connection, *head, *match);
    if (!done)
        co_await connection.respondError(std::move(done.error()));
}

Task<Result<void>> Server::dispatch(api::ServerConnection& connection, const api::RequestHead& head,
                                    const api::RouteMatch& match)
{
    const Exchange exchange{connection, head, match, m_link, m_execs};
    const std::string_view operation = match.route->operation;
    if (isEgressOperation(operation))
        return serveEgress(connection, head, match, egressDesk());
    if (operation == "execSocket")
        return execOverWebSocket(exchange);
    if (operation == "exec")
        return execAsEvents(exchange);
    if (operation == "createTerminal")
        return createTerminal(exchange, m_terminals);
    if (operation == "listTerminals")
        return listTerminals(exchange, m_terminals);
    if (operation == "attachTerminal")
        return attachTerminal(exchange, m_terminals);
    if (operation == "patchTerminal")
        return patchTerminal(exchange, m_terminals);
    if (operation == "removeTerminal")
        return removeTerminal(exchange, m_terminals);
    if (operation == "getFile")
        return getFile(exchange);
    if (operation == "statFile")
        return statFile(exchange);
    if (operation == "putFile")
        return putFile(exchange);
    if (operation == "removeFile")
        return removeFile(exchange);
    if (operation == "fileAction")
        return fileAction(exchange);
    if (operation == "listFolder")
        return listFolder(exchange);
    if (operation == "watch")
        return watchFolder(exchange);
    return [](std::string_view what) -> Task<Result<void>> {
        co_return fail(ErrorCode::Internal,
                       "the keeper was handed a request that is not its own: " + std::string(what));
    }(operation);
}

} // namespace caisson::keeper
