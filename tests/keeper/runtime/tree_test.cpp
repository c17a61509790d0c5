// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/tree.h"

#include "backend/base/unique_fd.h"
#include "tests/keeper/runtime/temporary_folder.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace caisson::keeper {

using namespace caisson::test;

TEST(RemoveTree, TakesFoldersWithoutPermissions)
{
    const TemporaryFolder folder;
    writeFile(folder / "tree/work/inner/file", "x");
    // As overlayfs leaves its work/work.
    ASSERT_EQ(::chmod((folder / "tree/work/inner").c_str(), 0), 0);
    ASSERT_EQ(::chmod((folder / "tree/work").c_str(), 0500), 0);
    const auto removed = removeTree(folder / "tree");
    EXPECT_TRUE(removed) << removed.error().message;
    EXPECT_FALSE(exists(folder / "tree"));
}

TEST(RemoveTree, DoesNotFollowLinks)
{
    const TemporaryFolder folder;
    writeFile(folder / "kept/file", "x");
    std::filesystem::create_directory(folder / "tree");
    std::filesystem::create_directory_symlink(folder / "kept", folder / "tree/link");
    std::filesystem::create_directory_symlink(folder / "tree", folder / "top");
    ASSERT_TRUE(removeTree(folder / "top"));
    EXPECT_TRUE(exists(folder / "tree"));
    ASSERT_TRUE(removeTree(folder / "tree"));
    EXPECT_TRUE(exists(folder / "kept/file"));
}

TEST(RemoveTree, IsContentWithNothing)
{
    EXPECT_TRUE(removeTree("/tmp/caisson-is-not-here"));
}

// A recursion would run out of descriptors or stack: a sandbox may nest as deep as it likes, by
// relative paths.
TEST(RemoveTree, TakesTreesDeeperThanAnyPath)
{
    const TemporaryFolder folder;
    ASSERT_EQ(::mkdir((folder / "tree").c_str(), 0755), 0);
    UniqueFd at(::open((folder / "tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int depth = 0; depth < 2000; ++depth) {
        ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
        at.reset(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ASSERT_TRUE(at);
    }
    const auto removed = removeTree(folder / "tree");
    EXPECT_TRUE(removed) << removed.error().message;
    EXPECT_FALSE(exists(folder / "tree"));
}

} // namespace caisson::keeper
