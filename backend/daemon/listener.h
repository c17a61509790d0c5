// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/paths.h"
#include "backend/base/unique_fd.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>
#include <vector>

namespace caisson::daemon {

/// The one caissond of a home: whoever holds the lock listens on the socket.
class Listener
{
public:
    /// nullopt when another caissond answers already. Waits up to 10 s for one that is leaving.
    static Result<std::optional<Listener>> open(const api::asio::any_io_executor& executor,
                                                const api::Paths& paths);

    /// The next client; only this user's and root's are let in.
    api::Task<Result<api::Socket>> accept();

    /// Whether the socket can still be found under its name.
    bool isReachable() const;

    /// Takes the name away, so that new clients start another caissond, and returns the clients
    /// that came in the meantime.
    std::vector<api::Socket> close();

private:
    Listener(UniqueFd lock, api::asio::local::stream_protocol::acceptor acceptor, std::string path);

    UniqueFd m_lock;
    api::asio::local::stream_protocol::acceptor m_acceptor;
    std::string m_path;
    unsigned long m_inode = 0;
};

} // namespace caisson::daemon
