// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/rooted_path.h"

#include "tests/keeper/runtime/temporary_folder.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace caisson::keeper {

using namespace caisson::test;

class RootedPath : public testing::Test
{
protected:
    RootedPath()
    {
        std::filesystem::create_directory(m_folder / "root");
        std::filesystem::create_directory(m_folder / "outside");
        m_root.reset(::open((m_folder / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        m_ids.base = static_cast<std::int64_t>(::getuid());
    }

    void link(const std::string& name, const std::string& target)
    {
        std::filesystem::create_symlink(target, m_folder / ("root/" + name));
    }

    Result<UniqueFd> ensure(const std::string& path, NodeType type = NodeType::Folder)
    {
        return ensureNode(m_root.get(), path, type, m_ids);
    }

    TemporaryFolder m_folder;
    UniqueFd m_root;
    IdRange m_ids;
};

TEST_F(RootedPath, MakesWhatIsMissing)
{
    ASSERT_TRUE(ensure("/a/b/c", NodeType::File));
    EXPECT_TRUE(std::filesystem::is_regular_file(m_folder / "root/a/b/c"));
    ASSERT_TRUE(ensure("/a/b/c", NodeType::File));
    ASSERT_TRUE(ensure("//a///d/"));
    EXPECT_TRUE(std::filesystem::is_directory(m_folder / "root/a/d"));
}

TEST_F(RootedPath, LinksLeadWhereTheyLeadInside)
{
    link("absolute", (m_folder / "outside"));
    link("up", "../../outside");
    std::filesystem::create_directories((m_folder / "root") + (m_folder / "outside"));
    std::filesystem::create_directory(m_folder / "root/outside");
    ASSERT_TRUE(ensure("/absolute/x"));
    ASSERT_TRUE(ensure("/up/y"));
    EXPECT_TRUE(std::filesystem::is_empty(m_folder / "outside"));
    EXPECT_TRUE(exists((m_folder / "root") + (m_folder / "outside/x")));
    EXPECT_TRUE(exists(m_folder / "root/outside/y"));
}

TEST_F(RootedPath, RefusesWhatLeadsNowhere)
{
    link("dangling", "/not/here");
    link("loop", "loop");
    link("magic", "/proc/self/fd/" + std::to_string(m_root.get()));
    EXPECT_FALSE(ensure("/dangling/x"));
    EXPECT_FALSE(ensure("/loop/x"));
    EXPECT_FALSE(ensure("/magic/x"));
    EXPECT_FALSE(ensure("/a/../../x"));
}

TEST_F(RootedPath, SaysWhenTheTypeIsAnother)
{
    ASSERT_TRUE(ensure("/folder"));
    ASSERT_TRUE(ensure("/file", NodeType::File));
    EXPECT_EQ(ensure("/folder", NodeType::File).error().code, ErrorCode::IsADirectory);
    EXPECT_EQ(ensure("/file").error().code, ErrorCode::NotADirectory);
    EXPECT_EQ(ensure("/file/below").error().code, ErrorCode::NotADirectory);
}

} // namespace caisson::keeper
