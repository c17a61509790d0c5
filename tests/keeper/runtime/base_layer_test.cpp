// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/base_layer.h"

#include "tests/keeper/runtime/temporary_folder.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace caisson::keeper {

using namespace caisson::test;

class Base : public testing::Test
{
protected:
    Base()
    {
        std::filesystem::create_directories(m_host / "usr/bin");
        std::filesystem::create_directories(m_host / "var/lib/dpkg");
        std::filesystem::create_directory(m_host / "sbin");
        std::filesystem::create_symlink("usr/bin", m_host / "bin");
        writeFile(m_host / "etc/login.defs", "export PROXY=http://me:secret@proxy/\n");
        writeFile(m_host / "etc/shadow", "root:secret:\n");
    }

    Result<BaseLayer> ensure()
    {
        // One id, this process's own: runs without root as well.
        return ensureBaseLayer(m_data / "base", m_host.path(), BaseOwner::Private,
                               {static_cast<std::int64_t>(::getuid()), 1});
    }

    std::ptrdiff_t count()
    {
        return std::ranges::distance(std::filesystem::directory_iterator(m_data / "base"));
    }

    TemporaryFolder m_host;
    TemporaryFolder m_data;
};

TEST_F(Base, HoldsWhatASandboxNeedsAndNothingOfTheHosts)
{
    const auto base = ensure();
    ASSERT_TRUE(base) << base.error().message;
    const std::string& root = base->path;
    EXPECT_EQ(contentOf(root + "/etc/login.defs"), "export PROXY=http://proxy/\n");
    EXPECT_EQ(std::filesystem::read_symlink(root + "/bin"), "usr/bin");
    EXPECT_TRUE(std::filesystem::is_directory(root + "/sbin"));
    EXPECT_FALSE(contentOf(root + "/etc/shadow").contains("secret"));
    EXPECT_TRUE(contentOf(root + "/etc/passwd").contains("\ndev:x:1000:1000:"));
    EXPECT_TRUE(contentOf(root + "/etc/passwd").contains(":/bin/sh\n")) << "there is no bash";
    struct stat status{};
    ASSERT_EQ(::stat((root + "/tmp").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 01777U);
    ASSERT_EQ(::stat((root + "/etc/shadow").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(Base, IsBuiltOnceAndSharedUntilTheHostChanges)
{
    const auto first = ensure();
    const auto second = ensure();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->path, second->path);
    writeFile(m_host / "etc/login.defs", "changed in place");
    const auto third = ensure();
    ASSERT_TRUE(third);
    EXPECT_NE(first->path, third->path);
    EXPECT_EQ(contentOf(third->path + "/etc/login.defs"), "changed in place");
    EXPECT_TRUE(exists(first->path)) << "the first is in use";
}

TEST_F(Base, IsRemovedWhenUnusedAndAnotherIsBuilt)
{
    auto first = ensure();
    ASSERT_TRUE(first);
    const std::string path = first->path;
    first->use.reset();
    writeFile(m_data / "base/building-killed/root/file", "x");
    writeFile(m_host / "etc/login.defs", "changed");
    const auto second = ensure();
    ASSERT_TRUE(second);
    EXPECT_FALSE(exists(path));
    EXPECT_EQ(count(), 1);
}

TEST_F(Base, SurvivesManyBuildersAtOnce)
{
    std::vector<std::string> paths(8);
    {
        std::vector<std::jthread> builders;
        for (std::string& path : paths)
            builders.emplace_back([this, &path] {
                const auto base = ensure();
                path = base ? base->path : base.error().message;
            });
    }
    EXPECT_EQ(std::ranges::count(paths, paths.front()), 8);
    EXPECT_TRUE(exists(paths.front() + "/etc/passwd")) << paths.front();
    EXPECT_EQ(count(), 1);
}

} // namespace caisson::keeper
