// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/watch_log.h"

#include <utility>

namespace caisson::init {

namespace {

/// The most JSON an event can become: a byte is six characters if escaped, and where it is not
/// UTF-8 stands again as base64.
std::size_t largestJson(const api::WatchEvent& event)
{
    std::size_t bytes = 128;
    for (const auto* const name : {&event.path, &event.from, &event.to}) {
        if (*name)
            bytes += (*name)->bytes.size() * 8;
    }
    return bytes;
}

} // namespace

bool WatchLog::hasRoom()
{
    if (!m_overflowed && m_events.size() >= kMostEvents)
        overflow();
    return !m_overflowed;
}

void WatchLog::created(std::string path, bool directory)
{
    if (!hasRoom())
        return;
    m_fresh[path] = true;
    m_events.push_back(
        {.type = "created", .path = api::FileName{std::move(path)}, .directory = directory});
}

void WatchLog::modified(std::string path, bool directory)
{
    if (!hasRoom() || std::exchange(m_fresh[path], true))
        return;
    m_events.push_back(
        {.type = "modified", .path = api::FileName{std::move(path)}, .directory = directory});
}

void WatchLog::deleted(std::string path, bool directory)
{
    if (!hasRoom())
        return;
    m_fresh[path] = false;
    m_events.push_back(
        {.type = "deleted", .path = api::FileName{std::move(path)}, .directory = directory});
}

void WatchLog::moved(std::string from, std::string to, bool directory)
{
    if (!hasRoom())
        return;
    m_fresh[from] = false;
    m_fresh[to] = false;
    m_events.push_back({.type = "moved",
                        .from = api::FileName{std::move(from)},
                        .to = api::FileName{std::move(to)},
                        .directory = directory});
}

void WatchLog::overflow()
{
    m_events.clear();
    m_fresh.clear();
    m_events.push_back({.type = "overflow"});
    m_overflowed = true;
}

void WatchLog::stopped()
{
    m_events.push_back({.type = "stopped"});
}

std::vector<api::WatchEvent> WatchLog::take(std::size_t bytes)
{
    std::size_t count = 0;
    std::size_t size = 0;
    while (count < m_events.size() && (count == 0 || size < bytes))
        size += largestJson(m_events[count++]);
    const auto end = m_events.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<api::WatchEvent> taken(std::make_move_iterator(m_events.begin()),
                                       std::make_move_iterator(end));
    m_events.erase(m_events.begin(), end);
    m_fresh.clear();
    if (m_events.empty())
        m_overflowed = false;
    return taken;
}

} // namespace caisson::init
