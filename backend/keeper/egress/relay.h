// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"

#include <cstdint>

namespace caisson::keeper {

/// Carries bytes both ways until both ends have finished, or one has failed, which ends the other. The
/// counters grow as it goes: `out` from the first to the second.
/// `Finished`: the first was read to its end already.
enum class Inside { Writes, Finished };
api::Task<void> relay(Stream& inside, Stream& outside, std::int64_t& out, std::int64_t& in,
                      Inside state = Inside::Writes);

} // namespace caisson::keeper
