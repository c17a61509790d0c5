// SPDX-License-Identifier: GPL-3.0-or-later
// What a program is called inside: real links in a folder that stands for a root.
#include "backend/keeper/egress/capture/program_links.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace caisson::keeper {
namespace {

namespace fs = std::filesystem;

class ProgramNamesInside : public testing::Test
{
protected:
    ProgramNamesInside()
    {
        fs::create_directories(m_folder / "usr/bin");
        for (const char* name : {"python3.11", "curl", "git"})
            std::ofstream(m_folder / "usr/bin" / name) << name;
        m_root = std::make_shared<RootInside>(
            UniqueFd(::open(m_folder.c_str(), O_PATH | O_DIRECTORY)), [this] { return m_now; });
    }
    ~ProgramNamesInside() override { fs::remove_all(m_folder); }

    void link(const char* target, const char* path) { fs::create_symlink(target, m_folder / path); }
    ProgramLinks namesOf(const char* path) const
    {
        return {m_root, {{path, m_root->fileAt(path)}}};
    }

    fs::path m_folder = fs::path(testing::TempDir()) / ("links-" + std::to_string(::getpid()));
    std::chrono::steady_clock::time_point m_now = std::chrono::steady_clock::now();
    std::shared_ptr<RootInside> m_root;
};

TEST_F(ProgramNamesInside, AreThePathAndWhatLeadsThere)
{
    link("python3.11", "usr/bin/python3");
    link("/usr/bin/python3", "usr/bin/python");
    link("usr/bin", "bin");
    fs::create_hard_link(m_folder / "usr/bin/python3.11", m_folder / "usr/bin/hard");
    const ProgramLinks names = namesOf("/usr/bin/python3.11");
    for (const char* name : {"/usr/bin/python3.11", "/usr/bin/python3", "/usr/bin/python",
                             "/bin/python3", "/usr/bin/hard"})
        EXPECT_TRUE(names.contain(name)) << name;
    for (const char* name : {"/usr/bin/curl", "/usr/bin/none", "/usr/bin", "/", ""})
        EXPECT_FALSE(names.contain(name)) << name;
}

TEST_F(ProgramNamesInside, StayInside)
{
    const fs::path outside = m_folder.string() + "-outside";
    fs::create_directories(outside);
    fs::create_hard_link(m_folder / "usr/bin/curl", outside / "curl");
    link((outside / "curl").c_str(), "usr/bin/absolute");
    link("../../../../../../usr/bin/curl", "usr/bin/up"); // ends at the root inside
    link("loop", "usr/bin/loop");
    const ProgramLinks names = namesOf("/usr/bin/curl");
    EXPECT_FALSE(names.contain("/usr/bin/absolute"));
    EXPECT_TRUE(names.contain("/usr/bin/up"));
    EXPECT_FALSE(names.contain("/usr/bin/loop"));
    EXPECT_FALSE(names.contain("/usr/bin/curl/.."));
    EXPECT_FALSE(names.contain("/usr/bin/none/../curl"));
    fs::remove_all(outside);
}

/// Else a rule for /usr/bin/python3 would be lifted from whoever replaces it, and goes on.
TEST_F(ProgramNamesInside, StayThoseOfAProcessWhoseProgramIsReplaced)
{
    link("python3.11", "usr/bin/python3");
    const ProgramLinks names = namesOf("/usr/bin/python3.11");
    EXPECT_TRUE(names.contain("/usr/bin/python3"));
    fs::remove(m_folder / "usr/bin/python3");
    link("curl", "usr/bin/python3");
    m_now += std::chrono::seconds(2);
    EXPECT_TRUE(names.contain("/usr/bin/python3"));
    EXPECT_FALSE(namesOf("/usr/bin/python3.11").contain("/usr/bin/python3"));
}

/// One thread follows them, for all of a sandbox's requests.
TEST_F(ProgramNamesInside, AreNotLookedForWithoutEnd)
{
    fs::create_directories(m_folder / "a");
    std::string round;
    while (round.size() < 900)
        round += "a/../";
    link(("/" + round + "usr/bin/curl").c_str(), "usr/bin/round");
    for (int i = 0; i < 12; ++i)
        link(("chain" + std::to_string(i + 1)).c_str(),
             ("usr/bin/chain" + std::to_string(i)).c_str());
    link("curl", "usr/bin/chain12");
    const ProgramLinks names = namesOf("/usr/bin/curl");
    EXPECT_FALSE(names.contain("/usr/bin/round"));
    EXPECT_FALSE(names.contain("/usr/bin/chain0"));
    EXPECT_TRUE(names.contain("/usr/bin/chain8"));
}

TEST_F(ProgramNamesInside, OfWhatIsNotThereAreOne)
{
    const ProgramLinks names = namesOf("/usr/bin/gone");
    EXPECT_TRUE(names.contain("/usr/bin/gone"));
    EXPECT_FALSE(names.contain("/usr/bin/other"));
}

TEST(Helper, IsInAFolderOfItsProgramsName)
{
    EXPECT_TRUE(isHelperOf("/usr/lib/git-core/git-remote-http", "/usr/bin/git"));
    EXPECT_TRUE(isHelperOf("/usr/libexec/git-core/git-remote-http", "/usr/bin/git"));
    EXPECT_TRUE(isHelperOf("/usr/lib/apt/methods/http", "/usr/bin/apt-get"));
    EXPECT_TRUE(isHelperOf("/usr/local/libexec/git-core/x", "/usr/local/bin/git"));
    EXPECT_FALSE(isHelperOf("/usr/bin/curl", "/usr/bin/git"));
    EXPECT_FALSE(isHelperOf("/usr/lib/jvm/java-17/bin/java", "/usr/bin/bash"));
    EXPECT_FALSE(isHelperOf("/usr/lib/git", "/usr/bin/git"));
    EXPECT_FALSE(isHelperOf("/usr/lib/gitlab/tool", "/usr/bin/git"));
    EXPECT_FALSE(isHelperOf("/home/lib/git-core/git-remote-http", "/usr/bin/git"));
    EXPECT_FALSE(isHelperOf("/usr/lib//x", ""));
}

} // namespace
} // namespace caisson::keeper
