// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/hidden_input.h"

#include "backend/base/files.h"
#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace caisson::ctl {
namespace {

/// `secret set --keep` asked on a terminal although the variable named a file, and failed without one.
TEST(PassphraseFile, IsReadWhereTheVariableNamesOne)
{
    const test::TemporaryFolder folder;
    const std::string path = folder / "passphrase";
    ::unsetenv("CAISSON_PASSPHRASE_FILE");
    EXPECT_FALSE(passphraseFromFile());
    ::setenv("CAISSON_PASSPHRASE_FILE", "", 1);
    EXPECT_FALSE(passphraseFromFile());
    ::setenv("CAISSON_PASSPHRASE_FILE", path.c_str(), 1);
    const auto missing = passphraseFromFile();
    ASSERT_TRUE(missing);
    ASSERT_FALSE(*missing);
    EXPECT_TRUE(missing->error().message.starts_with("CAISSON_PASSPHRASE_FILE: "))
        << missing->error().message;
    ASSERT_TRUE(writeFileAtomically(path, "of two words\n\n"));
    EXPECT_EQ(passphraseFromFile()->value(), "of two words\n");
    ASSERT_TRUE(writeFileAtomically(path, "none behind it"));
    EXPECT_EQ(passphraseFromFile()->value(), "none behind it");
    ::unsetenv("CAISSON_PASSPHRASE_FILE");
}

/// One that others may read was taken without a word.
TEST(PassphraseFile, IsToBeOnesOwn)
{
    const test::TemporaryFolder folder;
    const std::string path = folder / "passphrase";
    ASSERT_TRUE(writeFileAtomically(path, "of two words\n"));
    ::unsetenv("CAISSON_PASSPHRASE_FILE");
    EXPECT_EQ(passphraseFileAdvice(), "");
    ::setenv("CAISSON_PASSPHRASE_FILE", path.c_str(), 1);
    EXPECT_EQ(passphraseFileAdvice(), "");
    for (const std::filesystem::perms more :
         {std::filesystem::perms::group_read, std::filesystem::perms::others_read}) {
        std::filesystem::permissions(path, std::filesystem::perms::owner_read | more);
        EXPECT_TRUE(passphraseFileAdvice().contains("chmod 600 " + path)) << passphraseFileAdvice();
    }
    ::unsetenv("CAISSON_PASSPHRASE_FILE");
}

} // namespace
} // namespace caisson::ctl
