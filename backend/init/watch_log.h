// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace caisson::init {

/// Events that wait to be sent, in the order they happened. Repeated changes of a file are one.
class WatchLog
{
public:
    /// More than this, and the reader is better off looking anew.
    static constexpr std::size_t kMostEvents = 20'000;

    void created(std::string path, bool directory);
    void modified(std::string path, bool directory);
    void deleted(std::string path, bool directory);
    void moved(std::string from, std::string to, bool directory);
    /// What was collected is dropped, and what comes until take(): the reader will look anew.
    void overflow();
    /// The watch has ended: the last event.
    void stopped();

    bool empty() const { return m_events.empty(); }

    /// Up to about `bytes` of paths' text in JSON, at least one event; nothing if empty.
    std::vector<api::WatchEvent> take(std::size_t bytes);

private:
    /// Whether there is room for one more event; if not, the log overflows.
    bool hasRoom();

    std::vector<api::WatchEvent> m_events;
    /// Whether the last waiting event of a path says already that its content is new.
    std::unordered_map<std::string, bool> m_fresh;
    bool m_overflowed = false;
};

} // namespace caisson::init
