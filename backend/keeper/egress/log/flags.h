// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace caisson::keeper {

/// Of a row that was written before its flow was over.
inline constexpr std::string_view kOpenFlag = "open";
/// Of one that never ended, since its keeper was killed: its figures are those it had when it was open.
inline constexpr std::string_view kLostFlag = "lost";

} // namespace caisson::keeper
