// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"

#include <algorithm>

namespace caisson::desk {

/// The pauses between attempts to reach a peer: short at first, since most losses are a restart,
/// then doubling up to two seconds. Backend thread only.
class Backoff
{
public:
    explicit Backoff(const api::asio::any_io_executor& executor)
        : m_timer(executor)
    {
    }

    /// Returns at the end of the pause, or when skip() ends it.
    api::Task<void> pause();
    void skip() { m_timer.cancel(); }
    void reset() { m_next = kFirst; }

private:
    static constexpr std::chrono::milliseconds kFirst{50};
    static constexpr std::chrono::milliseconds kLongest{2000};

    api::asio::steady_timer m_timer;
    std::chrono::milliseconds m_next = kFirst;
};

} // namespace caisson::desk
