// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/session_cache.h"

#include <algorithm>
#include <ctime>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxOrigins = 256;
/// A pool opens a few connections at once.
constexpr std::size_t kMaxSessions = 4;

bool isGood(const SSL_SESSION* session)
{
    return SSL_SESSION_is_resumable(session) &&
           SSL_SESSION_get_time_ex(session) + SSL_SESSION_get_timeout(session) > std::time(nullptr);
}

} // namespace

void SessionCache::put(const std::string& origin, SessionPtr session)
{
    if (!isGood(session.get()))
        return;
    if (m_sessions.size() >= kMaxOrigins && !m_sessions.contains(origin)) {
        const auto oldest = std::ranges::min_element(
            m_sessions, {}, [](const auto& entry) { return entry.second.used; });
        m_sessions.erase(oldest);
    }
    Entry& entry = m_sessions[origin];
    entry.used = ++m_uses;
    entry.sessions.push_back(std::move(session));
    if (entry.sessions.size() > kMaxSessions)
        entry.sessions.pop_front();
}

SessionPtr SessionCache::take(const std::string& origin)
{
    const auto found = m_sessions.find(origin);
    if (found == m_sessions.end())
        return nullptr;
    Entry& entry = found->second;
    entry.used = ++m_uses;
    while (!entry.sessions.empty()) {
        SSL_SESSION* newest = entry.sessions.back().get();
        const bool good = isGood(newest);
        const bool once = SSL_SESSION_get_protocol_version(newest) >= TLS1_3_VERSION;
        if (good && !once) {
            SSL_SESSION_up_ref(newest);
            return SessionPtr(newest);
        }
        SessionPtr taken = std::move(entry.sessions.back());
        entry.sessions.pop_back();
        if (good)
            return taken;
    }
    m_sessions.erase(found);
    return nullptr;
}

} // namespace caisson::keeper
