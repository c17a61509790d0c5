// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/dial/pool.h"
#include "backend/keeper/egress/gate.h"
#include "backend/keeper/egress/log/request_log.h"
#include "backend/keeper/egress/secrets.h"

#include <functional>

namespace caisson::keeper {

/// The connection that requests come on.
struct RequestOrigin
{
    policy::Protocol protocol = policy::Protocol::Https;
    std::string host; ///< that was dialled, canonical
    std::uint16_t port = 443;
    Asker asker;
    bool isConnected = false; ///< it is what a CONNECT asked for
    HasClosed hasClosed;      ///< of the socket inside
};

/// What flows through the airlock work with. All of it outlives them.
struct AirlockParts
{
    api::asio::any_io_executor executor;
    Gate& gate;
    Flows& flows;
    Secrets& secrets;
    Dialer& dialer;
    UpstreamPool& pool;
    RequestLog& log;
    TlsServer& tls;
    /// Goes on with a connection as if it had been dialled to `origin`: what CONNECT asks for.
    std::function<api::Task<void>(Stream::Released connection, RequestOrigin origin)> connect;
    /// A secret was put in.
    std::function<void(const std::string& secret, api::SecretUse use)> secretUsed;
};

/// A row of the log in the making, written when it is destroyed. What nothing else is said of was
/// refused before any rule could decide, and has the default's name.
class LogRow
{
public:
    LogRow(const AirlockParts& parts, const Asker& asker);
    ~LogRow();
    LogRow(const LogRow&) = delete;
    LogRow& operator=(const LogRow&) = delete;

    void take(const Wanted& wanted);
    void take(const Pass& pass);
    /// Refused by Caisson itself: what no rule can allow. `why` becomes a sentence; the rule stays the
    /// one that had decided.
    void refuse(std::string why);
    /// It was not carried through: refused by a rule or Caisson itself, or let pass and come to nothing.
    void fail(const Error& error);
    /// Refused, where the sandbox sent the placeholder of a secret.
    void refuseLeak(const std::string& secret);
    /// Refused since the policy was changed: what decides now is its rule.
    void refuseChanged(const Wanted& wanted, const Asker& asker);
    /// Writes it as it is so far, once: that of a flow that lasts, so that it is seen meanwhile.
    void writeOpen();
    /// Nothing is written: what comes of it has rows of its own.
    void drop() { m_isDropped = true; }

    api::EgressEntry entry;

private:
    double took() const; ///< milliseconds so far

    RequestLog& m_log;
    const Gate& m_gate;
    bool m_isDropped = false;
    std::chrono::steady_clock::time_point m_began = std::chrono::steady_clock::now();
};

} // namespace caisson::keeper
