// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"

#include <cstdint>
#include <functional>
#include <string>

namespace caisson::ctl {

/// Says of each request that waits for an answer, made by the process `pid` of the sandbox or one
/// that it started, what it wants and how to answer it: one sentence without control characters.
/// Ends with the service's stream of events; nothing else is lost if it does.
api::Task<void> noticePrompts(client::Client& client, std::string sandbox, std::int64_t pid,
                              std::function<void(std::string_view)> say);

/// "curl wants to POST https://… and waits: caissonctl egress answer NAME p3 allow|deny".
std::string noticeOf(const api::Prompt& prompt, const std::string& sandbox);

/// Whether the process that asks is `pid` or below it. One that could not be found may be anybody's,
/// and is taken for it unless it sits in a terminal.
bool isOf(const api::Prompt& prompt, std::int64_t pid);

} // namespace caisson::ctl
