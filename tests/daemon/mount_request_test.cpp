// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/mount_request.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

class MountRequest : public testing::Test
{
protected:
    MountRequest()
    {
        std::string name = "/tmp/mount-request-XXXXXX";
        m_folder = ::mkdtemp(name.data());
        for (const char* folder : {"/home/run", "/home/sandboxes/1/layers", "/project/data"})
            std::filesystem::create_directories(m_folder + folder);
        m_own = api::pathsForHome(m_folder + "/home");
    }
    ~MountRequest() override { std::filesystem::remove_all(m_folder); }

    ErrorCode refusal(const std::string& source, const std::string& target = "/x") const
    {
        const Result<api::Mount> mount = resolvedMount({source, target}, m_own);
        EXPECT_FALSE(mount) << source << " at " << target;
        return mount ? ErrorCode::Internal : mount.error().code;
    }

    std::string m_folder;
    api::Paths m_own;
};

} // namespace

TEST_F(MountRequest, IsResolvedOnce)
{
    std::filesystem::create_symlink("project", m_folder + "/link");
    const Result<api::Mount> mount =
        resolvedMount({m_folder + "/link/../link/data", "/data", true}, m_own);
    ASSERT_TRUE(mount);
    EXPECT_EQ(mount->source, m_folder + "/project/data");
    EXPECT_EQ(mount->target, "/data");
    EXPECT_TRUE(mount->readOnly);
}

TEST_F(MountRequest, MayNotHoldWhatIsCaissonsOwn)
{
    EXPECT_EQ(refusal(m_folder), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder + "/home"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder + "/home/run"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder + "/home/sandboxes/1/layers"), ErrorCode::BadRequest);
    std::filesystem::create_symlink(m_folder + "/home", m_folder + "/link");
    EXPECT_EQ(refusal(m_folder + "/link"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder + "/project/../home/run"), ErrorCode::BadRequest);
    // Its name only begins like that of Caisson's home.
    std::filesystem::create_directories(m_folder + "/homework");
    EXPECT_TRUE(resolvedMount({m_folder + "/homework", "/x"}, m_own));
}

/// Under another name it was mounted without a word.
TEST_F(MountRequest, KnowsWhatIsOwnByWhatItIs)
{
    const std::string alias = m_folder + "/project/data";
    if (::mount((m_folder + "/home").c_str(), alias.c_str(), nullptr, MS_BIND, nullptr) != 0)
        GTEST_SKIP() << "only root may bind a folder to another name";
    EXPECT_EQ(refusal(alias), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(alias + "/run"), ErrorCode::BadRequest);
    EXPECT_EQ(::umount(alias.c_str()), 0);
    EXPECT_TRUE(resolvedMount({alias, "/x"}, m_own));
}

TEST_F(MountRequest, HasPathsThatCanBe)
{
    const std::string project = m_folder + "/project";
    EXPECT_EQ(refusal("relative"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(project, "x"), ErrorCode::BadRequest);
    for (const char* target : {"/", "/a/../b", "/a//b", "/./a", "/proc", "/sys/x", "/dev"})
        EXPECT_EQ(refusal(project, target), ErrorCode::BadRequest);
    for (const char* source : {"/", "//", "/tmp/.."})
        EXPECT_EQ(refusal(source), ErrorCode::BadRequest);
    EXPECT_EQ(refusal("/no/such/folder"), ErrorCode::NotFound);
}
