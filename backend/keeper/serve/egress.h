// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/http_server.h"
#include "backend/api/routes.h"

#include <functional>
#include <memory>

namespace caisson::keeper {

class Airlock;
class LivePolicy;
class RequestLog;

/// What the egress routes work on. A sandbox that does not run has its policy and its log: they are
/// opened when they are needed, and held no longer.
struct EgressDesk
{
    /// To look at it or change it, or to put another in its place, which needs no readable one.
    enum class Use { Keep, Replace };
    std::function<Result<std::shared_ptr<LivePolicy>>(Use)> policy;
    std::function<Result<std::shared_ptr<RequestLog>>()> log;
    Airlock* airlock = nullptr; ///< of a sandbox that runs
};

/// Whether a route is one of these.
bool isEgressOperation(std::string_view operation);

/// Answers it. An error it returns is to be answered as one.
api::Task<Result<void>> serveEgress(api::ServerConnection& connection, const api::RequestHead& head,
                                    const api::RouteMatch& match, EgressDesk desk);

} // namespace caisson::keeper
