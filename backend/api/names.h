// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace caisson::api {

/// A sandbox's name: 1 to 63 of a-z 0-9 and '-' inside, as one DNS label (RFC 1123), since it will
/// be a host name. Not of the form of an id (12 hexadecimal digits), so that the two never meet.
Result<void> checkSandboxName(std::string_view name);

/// A made-up name such as "amber-otter-42".
std::string inventSandboxName();

/// A variable's name: not empty, no '=' and no NUL.
Result<void> checkVariableName(std::string_view name);

/// "2g", "512M", "1048576": bytes. Suffixes k m g t, powers of 1024.
Result<std::int64_t> parseSize(std::string_view text);

/// "10m", "15s", "2h", "1d": milliseconds.
Result<std::int64_t> parseDuration(std::string_view text);

/// "INT", "SIGINT", "2": the number of a signal.
Result<int> parseSignal(std::string_view text);

} // namespace caisson::api
