// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/report.h"

#include "backend/base/files.h"
#include "backend/ctl/egress_verbs.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

namespace caisson::ctl {
namespace {

/// "… as 2026-12-01T12:00:00Z.; the policy in force stays"
TEST(Report, OneMarkStandsBetweenASentenceAndWhatFollows)
{
    EXPECT_EQ(joined("A time is wanted.", "the policy stays"),
              "A time is wanted; the policy stays");
    EXPECT_EQ(joined("it is a word", "the policy stays"), "it is a word; the policy stays");
}

/// An empty text would be to the service as if none had been given.
TEST(PolicyText, OfAnEmptyFileIsAFileInWhichNothingStands)
{
    const test::TemporaryFolder folder;
    ASSERT_TRUE(writeFileAtomically(folder / "empty.toml", ""));
    EXPECT_EQ(readPolicyText(folder / "empty.toml"), "\n");
    ASSERT_TRUE(writeFileAtomically(folder / "some.toml", "# x"));
    EXPECT_EQ(readPolicyText(folder / "some.toml"), "# x");
}

} // namespace
} // namespace caisson::ctl
