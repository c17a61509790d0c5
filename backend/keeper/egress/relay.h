// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace caisson::keeper {

/// Carries bytes both ways until both ends have finished, or one has failed, which ends the other. The
/// counters grow as it goes: `out` from the first to the second.
/// `Finished`: the first was read to its end already. `mayPass` sees what the first has to say before
/// the second does, and whether that has said anything so far.
/// `change` makes of what the second has to say what the first is told; none resets both.
enum class Inside { Writes, Finished };
enum class Onward {
    Pass,
    Break,   ///< both are reset
    TakeOver ///< only the second is; the first is left as it is, without these bytes
};
enum class Outside { Silent, HasSpoken };
using Change = std::function<std::optional<std::string_view>(std::span<const char> bytes)>;
using MayPass = std::function<Onward(std::span<const char> bytes, Outside outside)>;
api::Task<void> relay(Stream& inside, Stream& outside, std::int64_t& out, std::int64_t& in,
                      Inside insideState = Inside::Writes, MayPass mayPass = {},
                      Change change = {});

} // namespace caisson::keeper
