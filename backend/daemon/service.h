// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/http_server.h"
#include "backend/api/routes.h"
#include "backend/daemon/event_hub.h"
#include "backend/daemon/sandboxes.h"

#include <chrono>

namespace caisson::daemon {

/// Answers the connections of clients: its own routes itself, the keepers' by handing the
/// connection over.
class Service
{
public:
    Service(Sandboxes& sandboxes, EventHub& events, SecretStore& secrets);

    api::Task<void> serve(api::Socket socket);

    std::size_t clients() const { return m_clients; }
    std::chrono::steady_clock::time_point lastSeen() const { return m_lastSeen; }

private:
    enum class Next { SameConnection, Nothing };

    api::Task<void> serveConnection(api::Socket socket);
    api::Task<Next> handOver(api::ServerConnection& connection, const api::RouteMatch& match);
    api::Task<Result<void>> answer(api::ServerConnection& connection, const api::RequestHead& head,
                                   const api::RouteMatch& match);
    api::Task<Result<void>> answerSecrets(api::ServerConnection& connection,
                                          const api::RouteMatch& match);
    api::Task<Result<void>> sendEvents(api::ServerConnection& connection, std::string cursor);
    api::Task<void> writeEvents(api::ServerConnection& connection, std::string cursor);

    Sandboxes& m_sandboxes;
    EventHub& m_events;
    SecretStore& m_secrets;
    std::size_t m_clients = 0;
    std::chrono::steady_clock::time_point m_lastSeen = std::chrono::steady_clock::now();
};

} // namespace caisson::daemon
