// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/log.h"

#include "backend/base/clock.h"

#include <atomic>
#include <string>
#include <unistd.h>

namespace caisson {

namespace {

std::atomic<LogLevel> g_level = LogLevel::Info;
UniqueFd g_file;

std::string_view levelName(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Failure:
        return "failure";
    }
    return "?";
}

} // namespace

void setLogFile(UniqueFd file)
{
    g_file = std::move(file);
}

void setLogLevel(LogLevel level)
{
    g_level = level;
}

void writeLog(LogLevel level, std::string_view text)
{
    if (level < g_level.load(std::memory_order_relaxed))
        return;
    std::string line = nowRfc3339();
    line += ' ';
    line += levelName(level);
    line += ' ';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f)
            line += std::format("\\x{:02x}", byte);
        else
            line += c;
    }
    line += '\n';
    // One write(2) a line, so that lines of several threads and processes do not mix. Where
    // standard error is gone there is nobody left to tell.
    [[maybe_unused]] const ssize_t written =
        ::write(g_file ? g_file.get() : STDERR_FILENO, line.data(), line.size());
}

} // namespace caisson
