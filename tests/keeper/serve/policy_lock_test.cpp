// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/policy_lock.h"

#include "tests/support/temporary_folder.h"

#include <future>
#include <gtest/gtest.h>
#include <optional>

using namespace caisson;
using namespace caisson::keeper;

namespace {

constexpr std::chrono::milliseconds kMoment(50);

} // namespace

TEST(PolicyLock, LeavesThePolicyToAKeeperThatLives)
{
    const test::TemporaryFolder folder;
    {
        const Result<PolicyLock> keeper = PolicyLock::forKeeper(folder.path());
        ASSERT_TRUE(keeper) << keeper.error().message;
        const Result<PolicyLock> change = PolicyLock::forChange(folder.path());
        ASSERT_FALSE(change);
        EXPECT_EQ(change.error().code, ErrorCode::Conflict);
    }
    EXPECT_TRUE(PolicyLock::forChange(folder.path()));
}

TEST(PolicyLock, HoldsAKeeperUpUntilAChangeIsMade)
{
    const test::TemporaryFolder folder;
    std::optional<Result<PolicyLock>> change = PolicyLock::forChange(folder.path());
    ASSERT_TRUE(*change);
    auto keeper =
        std::async(std::launch::async, [&] { return PolicyLock::forKeeper(folder.path()); });
    EXPECT_EQ(keeper.wait_for(kMoment), std::future_status::timeout);
    change.reset();
    EXPECT_TRUE(keeper.get());
}

TEST(PolicyLock, ChangesComeOneAfterTheOther)
{
    const test::TemporaryFolder folder;
    std::optional<Result<PolicyLock>> first = PolicyLock::forChange(folder.path());
    ASSERT_TRUE(*first);
    auto second =
        std::async(std::launch::async, [&] { return PolicyLock::forChange(folder.path()); });
    EXPECT_EQ(second.wait_for(kMoment), std::future_status::timeout);
    first.reset();
    EXPECT_TRUE(second.get());
}

TEST(PolicyLock, SaysThatThereIsNoFolder)
{
    EXPECT_FALSE(PolicyLock::forKeeper("/none"));
    EXPECT_FALSE(PolicyLock::forChange("/none"));
}
