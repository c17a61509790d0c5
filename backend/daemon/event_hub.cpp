// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/event_hub.h"

#include "backend/api/codec.h"
#include "backend/base/clock.h"
#include "backend/base/id.h"

#include <charconv>

namespace caisson::daemon {

namespace {

constexpr std::size_t kKept = 4096;
/// A prompt may be of some 50 kB, and a sandbox may make as many as it likes.
constexpr std::size_t kKeptBytes = 8 * 1024 * 1024;

} // namespace

EventHub::EventHub(const api::asio::any_io_executor& executor)
    : m_epoch(randomId())
    , m_published(executor)
{
}

void EventHub::publish(api::Event event)
{
    if (event.time.empty())
        event.time = nowRfc3339();
    m_events.push_back({event.type, api::toJson(event)});
    m_bytes += m_events.back().json.size();
    while (m_events.size() > kKept || (m_bytes > kKeptBytes && m_events.size() > 1)) {
        m_bytes -= m_events.front().json.size();
        m_events.pop_front();
        ++m_begin;
    }
    m_published.notifyAll();
}

std::string EventHub::cursorOf(std::uint64_t position) const
{
    return m_epoch + "-" + std::to_string(position);
}

std::optional<std::uint64_t> EventHub::positionAfter(const std::string& cursor) const
{
    if (cursor.empty())
        return newest();
    std::uint64_t position = 0;
    if (!cursor.starts_with(m_epoch + "-"))
        return std::nullopt;
    const char* begin = cursor.data() + m_epoch.size() + 1;
    const char* end = cursor.data() + cursor.size();
    const auto [stop, error] = std::from_chars(begin, end, position);
    if (error != std::errc() || stop != end || position + 1 < m_begin || position >= newest())
        return std::nullopt;
    return position + 1;
}

const EventHub::Published* EventHub::at(std::uint64_t position) const
{
    if (position < m_begin || position >= newest())
        return nullptr;
    return &m_events[position - m_begin];
}

} // namespace caisson::daemon
