// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/paths.h"

#include <string>

namespace caisson::client {

/// How a host's caissond is reached.
class Transport
{
public:
    virtual ~Transport() = default;
    virtual api::Task<Result<api::Socket>> connect() = 0;
};

/// This machine's caissond, started if it is not there.
class LocalTransport : public Transport
{
public:
    /// `daemonProgram`: path of caissond; empty: beside this program.
    LocalTransport(api::asio::any_io_executor executor, api::Paths paths,
                   std::string daemonProgram = {});
    api::Task<Result<api::Socket>> connect() override;

private:
    api::Task<Result<api::Socket>> tryConnect();
    api::asio::any_io_executor m_executor;
    api::Paths m_paths;
    std::string m_daemonProgram;
};

} // namespace caisson::client
