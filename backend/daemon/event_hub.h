// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/types.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace caisson::daemon {

/// The stream of /v1/events: every event has a cursor, and the newest ones are kept, so that a
/// client that comes back misses nothing. Cursors of an earlier caissond are not known any more:
/// its clients are told to read everything anew.
class EventHub
{
public:
    explicit EventHub(const api::asio::any_io_executor& executor);

    void publish(api::Event event);

    /// The position after the cursor a client names; nullopt when events after it are lost. An
    /// empty cursor is "from now on".
    std::optional<std::uint64_t> positionAfter(const std::string& cursor) const;
    std::uint64_t newest() const { return m_begin + m_events.size(); }
    std::string cursorOf(std::uint64_t position) const;

    struct Published
    {
        std::string type;
        std::string json;
    };
    /// The event at a position; nullptr when it is no longer kept, or not there yet.
    const Published* at(std::uint64_t position) const;
    bool isLost(std::uint64_t position) const { return position < m_begin; }

    /// Returns after the next publish().
    api::Task<void> wait() { return m_published.wait(); }

private:
    std::string m_epoch;
    std::uint64_t m_begin = 1;
    std::deque<Published> m_events;
    std::size_t m_bytes = 0; ///< of their text
    api::Notifier m_published;
};

} // namespace caisson::daemon
