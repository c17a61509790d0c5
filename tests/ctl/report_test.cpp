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

TEST(Report, NoNameActsOrDeceives)
{
    EXPECT_EQ(printable("größe ❤\ufe0f 日本 a\u0301 😀"), "größe ❤\ufe0f 日本 a\u0301 😀");
    EXPECT_EQ(printable("a\x1b\x7f\u009bz\xff"), "a\\x1b\\x7f\\xc2\\x9bz\\xff");
    EXPECT_EQ(printable("gpj\u202e.exe"), "gpj\\xe2\\x80\\xae.exe");
    EXPECT_EQ(printable("\u2068\u200b\ufeff"), "\\xe2\\x81\\xa8\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
    EXPECT_EQ(printable("\u3164\U000e0041"), "\\xe3\\x85\\xa4\\xf3\\xa0\\x81\\x81");
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
