// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/http_server.h"
#include "backend/api/routes.h"
#include "backend/keeper/egress/airlock.h"
#include "backend/keeper/link/init_link.h"
#include "backend/keeper/serve/egress.h"
#include "backend/keeper/serve/exec_processes.h"
#include "backend/keeper/terminals/terminals.h"

namespace caisson::keeper {

/// Answers the requests that are the keeper's own, on connections that caissond hands over.
class Server
{
public:
    Server(InitLink& link, Terminals& terminals, Airlock& airlock, ExecProcesses& execs);

    /// One request and its answer; the connection ends with it, since the next one might be for
    /// another sandbox.
    api::Task<void> serve(api::Socket socket, std::string alreadyRead);

private:
    api::Task<Result<void>> dispatch(api::ServerConnection& connection,
                                     const api::RequestHead& head, const api::RouteMatch& match);

    EgressDesk egressDesk();

    InitLink& m_link;
    Terminals& m_terminals;
    Airlock& m_airlock;
    ExecProcesses& m_execs;
};

/// Handlers. An error they return is answered as one; once an answer has begun they see to its end
/// themselves.
struct Exchange
{
    api::ServerConnection& connection;
    const api::RequestHead& head;
    const api::RouteMatch& match;
    InitLink& link;
    ExecProcesses& execs;
};

api::Task<Result<void>> execOverWebSocket(Exchange exchange);
api::Task<Result<void>> execAsEvents(Exchange exchange);

api::Task<Result<void>> createTerminal(Exchange exchange, Terminals& terminals);
api::Task<Result<void>> listTerminals(Exchange exchange, Terminals& terminals);
api::Task<Result<void>> attachTerminal(Exchange exchange, Terminals& terminals);
api::Task<Result<void>> patchTerminal(Exchange exchange, Terminals& terminals);
api::Task<Result<void>> removeTerminal(Exchange exchange, Terminals& terminals);

api::Task<Result<void>> getFile(Exchange exchange);
api::Task<Result<void>> statFile(Exchange exchange);
api::Task<Result<void>> putFile(Exchange exchange);
api::Task<Result<void>> removeFile(Exchange exchange);
api::Task<Result<void>> fileAction(Exchange exchange);
api::Task<Result<void>> listFolder(Exchange exchange);
api::Task<Result<void>> watchFolder(Exchange exchange);

} // namespace caisson::keeper
