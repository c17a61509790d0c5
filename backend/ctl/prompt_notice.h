// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace caisson::ctl {

/// Says of each request that waits for an answer, made by the process `pid` of the sandbox or one
/// that it started, what it wants and how to answer it: one line without control characters, and one
/// a second at most. Ends with the service's stream of events; nothing else is lost if it does.
api::Task<void> noticePrompts(client::Client& client, std::string sandbox, std::int64_t pid,
                              std::function<void(std::string_view)> say);

/// One line a second at most: what comes sooner is put together.
class NoticePace
{
public:
    using Time = std::chrono::steady_clock::time_point;

    /// The line to be said now; empty: it is held.
    std::string take(std::string notice, Time now);
    /// Whether held() will have something to say, and when.
    bool isHolding() const { return m_held > 0; }
    Time due() const;
    /// The first of those that were held, and how many more there are.
    std::string held(Time now);

private:
    std::string m_first;
    std::size_t m_held = 0;
    std::optional<Time> m_said; ///< when the latest line was
};

/// "\"curl\" wants to POST https://… and waits: caissonctl egress answer NAME p3 allow|deny". The name
/// is the sandbox's own choice, so it is quoted.
std::string noticeOf(const api::Prompt& prompt, const std::string& sandbox);

/// Whether the process that asks is `pid` or below it. One that could not be found may be anybody's,
/// and is taken for it unless it sits in a terminal.
bool isOf(const api::Prompt& prompt, std::int64_t pid);

} // namespace caisson::ctl
