// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/egress_verbs.h"
#include "tests/support/temporary_folder.h"

#include <fstream>
#include <gtest/gtest.h>

namespace caisson::ctl {
namespace {

/// It was "larger than expected", or what carried it was: neither said what to do.
TEST(PolicyText, OfTooManyBytesSaysWhatToDo)
{
    test::TemporaryFolder folder;
    const std::string path = folder / "policy.toml";
    std::ofstream(path) << std::string(1024 * 1024, '#');
    EXPECT_TRUE(readPolicyText(path));
    std::ofstream(path, std::ios::app) << '\n';
    const auto text = readPolicyText(path);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::TooLarge);
    for (const char* word : {path.c_str(), "1 MiB", "fewer rules"})
        EXPECT_TRUE(text.error().message.contains(word)) << text.error().message;
    EXPECT_TRUE(readPolicyText("deny-all"));
}

} // namespace
} // namespace caisson::ctl
