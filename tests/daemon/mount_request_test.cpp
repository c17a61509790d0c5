// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/mount_request.h"
#include "tests/support/temporary_folder.h"

#include <cerrno>
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
        for (const char* folder : {"/home/run", "/home/sandboxes/1/layers", "/project/data"})
            std::filesystem::create_directories(m_folder.path() + folder);
        m_own = api::pathsForHome(m_folder.path() + "/home");
    }

    ErrorCode refusal(const std::string& source, const std::string& target = "/x") const
    {
        const Result<api::Mount> mount = resolvedMount({source, target}, m_own);
        EXPECT_FALSE(mount) << source << " at " << target;
        return mount ? ErrorCode::Internal : mount.error().code;
    }

    test::TemporaryFolder m_folder;
    api::Paths m_own;
};

} // namespace

TEST_F(MountRequest, IsResolvedOnce)
{
    std::filesystem::create_symlink("project", m_folder.path() + "/link");
    const Result<api::Mount> mount =
        resolvedMount({m_folder.path() + "/link/../link/data", "/data", true}, m_own);
    ASSERT_TRUE(mount);
    EXPECT_EQ(mount->source, m_folder.path() + "/project/data");
    EXPECT_EQ(mount->target, "/data");
    EXPECT_TRUE(mount->readOnly);
}

TEST_F(MountRequest, MayNotHoldWhatIsCaissonsOwn)
{
    EXPECT_EQ(refusal(m_folder.path()), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder.path() + "/home"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder.path() + "/home/run"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder.path() + "/home/sandboxes/1/layers"), ErrorCode::BadRequest);
    std::filesystem::create_symlink(m_folder.path() + "/home", m_folder.path() + "/link");
    EXPECT_EQ(refusal(m_folder.path() + "/link"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(m_folder.path() + "/project/../home/run"), ErrorCode::BadRequest);
    // Its name only begins like that of Caisson's home.
    std::filesystem::create_directories(m_folder.path() + "/homework");
    EXPECT_TRUE(resolvedMount({m_folder.path() + "/homework", "/x"}, m_own));
}

/// Under another name it was mounted without a word.
TEST_F(MountRequest, KnowsWhatIsOwnByWhatItIs)
{
    const std::string alias = m_folder.path() + "/project/data";
    const int bound =
        ::mount((m_folder.path() + "/home").c_str(), alias.c_str(), nullptr, MS_BIND, nullptr);
    if (bound != 0 && errno == EPERM)
        GTEST_SKIP() << "only root may bind a folder to another name";
    ASSERT_EQ(bound, 0) << errno;
    EXPECT_EQ(refusal(alias), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(alias + "/run"), ErrorCode::BadRequest);
    EXPECT_EQ(::umount(alias.c_str()), 0);
    EXPECT_TRUE(resolvedMount({alias, "/x"}, m_own));
}

TEST_F(MountRequest, HasPathsThatCanBe)
{
    const std::string project = m_folder.path() + "/project";
    EXPECT_EQ(refusal("relative"), ErrorCode::BadRequest);
    EXPECT_EQ(refusal(project, "x"), ErrorCode::BadRequest);
    for (const char* target : {"/", "/a/../b", "/a//b", "/./a", "/proc", "/sys/x", "/dev"})
        EXPECT_EQ(refusal(project, target), ErrorCode::BadRequest);
    for (const char* source : {"/", "//", "/tmp/.."})
        EXPECT_EQ(refusal(source), ErrorCode::BadRequest);
    EXPECT_EQ(refusal("/no/such/folder"), ErrorCode::NotFound);
}
