// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/tls/openssl_handles.h"

#include <cstddef>
#include <deque>
#include <map>
#include <string>

namespace caisson::keeper {

/// Sessions of origins, to be resumed: a few for each (host, port), for the last 256 of these.
class SessionCache
{
public:
    void put(const std::string& origin, SessionPtr session);
    /// The newest that is still good; a TLS 1.3 one is given once (RFC 8446, C.4).
    SessionPtr take(const std::string& origin);
    void forget(const std::string& origin) { m_sessions.erase(origin); }

private:
    struct Entry
    {
        std::deque<SessionPtr> sessions; ///< newest last
        std::size_t used = 0;
    };
    std::map<std::string, Entry> m_sessions;
    std::size_t m_uses = 0;
};

} // namespace caisson::keeper
