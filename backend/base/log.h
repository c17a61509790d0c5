// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>
#include <string_view>

#include "backend/base/unique_fd.h"

namespace caisson {

enum class LogLevel { Debug, Info, Warning, Failure };

/// One line on standard error, or in the log file: time, level, text. Control characters in `text` are escaped, since
/// much of what is logged was written by a sandbox. Any thread.
void writeLog(LogLevel level, std::string_view text);

/// From here on lines go to that file. Before there are threads.
void setLogFile(UniqueFd file);

/// Lines below `level` are dropped. Default: Info.
void setLogLevel(LogLevel level);

template<class... Args>
void logDebug(std::format_string<Args...> format, Args&&... args)
{
    writeLog(LogLevel::Debug, std::format(format, std::forward<Args>(args)...));
}

template<class... Args>
void logInfo(std::format_string<Args...> format, Args&&... args)
{
    writeLog(LogLevel::Info, std::format(format, std::forward<Args>(args)...));
}

template<class... Args>
void logWarning(std::format_string<Args...> format, Args&&... args)
{
    writeLog(LogLevel::Warning, std::format(format, std::forward<Args>(args)...));
}

template<class... Args>
void logFailure(std::format_string<Args...> format, Args&&... args)
{
    writeLog(LogLevel::Failure, std::format(format, std::forward<Args>(args)...));
}

} // namespace caisson
