// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/dial/pool.h"
#include "backend/keeper/egress/gate.h"
#include "backend/keeper/egress/log/request_log.h"
#include "backend/keeper/egress/secrets.h"

#include <functional>

namespace caisson::keeper {

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
    /// A secret was put in.
    std::function<void(const std::string& secret, api::SecretUse use)> secretUsed;
};

/// A row of the log in the making. It is written once, at the latest when it is destroyed.
class LogRow
{
public:
    LogRow(RequestLog& log, const Asker& asker);
    ~LogRow();
    LogRow(const LogRow&) = delete;
    LogRow& operator=(const LogRow&) = delete;

    void take(const Wanted& wanted);
    void take(const Pass& pass);
    /// Refused by Caisson itself: what no rule can allow.
    void refuse(std::string why);

    api::EgressEntry entry;

private:
    RequestLog& m_log;
    std::chrono::steady_clock::time_point m_began = std::chrono::steady_clock::now();
};

} // namespace caisson::keeper
