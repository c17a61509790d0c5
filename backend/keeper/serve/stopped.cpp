// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/stopped.h"

#include "backend/api/codec.h"
#include "backend/keeper/egress/airlock.h"
#include "backend/keeper/serve/egress.h"
#include "backend/keeper/serve/policy_lock.h"

namespace caisson::keeper {

using api::Task;

namespace {

/// The policy with the lock that lets it be changed.
struct LockedPolicy
{
    PolicyLock lock;
    std::unique_ptr<LivePolicy> policy;
};

Result<std::shared_ptr<LivePolicy>>
openPolicy(const std::string& folder, const std::vector<std::string>& secrets, EgressDesk::Use use)
{
    Result<PolicyLock> lock = PolicyLock::forChange(folder);
    if (!lock)
        return std::unexpected(lock.error());
    auto policy =
        LivePolicy::open(folder, use == EgressDesk::Use::Replace ? LivePolicy::Opening::Replace
                                                                 : LivePolicy::Opening::Look);
    if (!policy)
        return std::unexpected(policy.error());
    (*policy)->knownSecrets.emplace(secrets.begin(), secrets.end());
    const auto held = std::make_shared<LockedPolicy>(std::move(*lock), std::move(*policy));
    return std::shared_ptr<LivePolicy>(held, held->policy.get());
}

} // namespace

Task<void> answerForStopped(api::Paths paths, std::string sandbox, std::vector<std::string> secrets,
                            api::Socket socket, std::string alreadyRead)
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
    const std::string folder = paths.sandbox(sandbox);
    if (!isEgressOperation(match->route->operation)) {
        co_await connection.respondError(
            {ErrorCode::NotRunning, "the sandbox is not running; start it to look inside", {}});
        co_return;
    }
    const auto executor = co_await api::asio::this_coro::executor;
    const EgressDesk desk{
        .policy = [&](EgressDesk::Use use) { return openPolicy(folder, secrets, use); },
        .log = [&]() -> Result<std::shared_ptr<RequestLog>> {
            auto log = RequestLog::open(executor, folder + "/requests.sqlite");
            if (!log)
                return std::unexpected(log.error());
            return std::shared_ptr<RequestLog>(std::move(*log));
        },
        .airlock = nullptr};
    Result<void> done = co_await serveEgress(connection, *head, *match, desk);
    if (!done)
        co_await connection.respondError(std::move(done.error()));
}

} // namespace caisson::keeper
