// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/id_ranges.h"

#include <gtest/gtest.h>

using namespace caisson::daemon;

TEST(IdRanges, NeverOverlap)
{
    std::set<std::int64_t> taken;
    for (int i = 0; i < 500; ++i) {
        const auto base = findFreeIdBase(taken);
        ASSERT_TRUE(base) << base.error().message;
        for (const std::int64_t other : taken)
            EXPECT_GE(std::abs(*base - other), kIdsPerSandbox);
        EXPECT_LT(*base + kIdsPerSandbox, std::int64_t(1) << 31);
        taken.insert(*base);
    }
}
