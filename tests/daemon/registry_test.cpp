// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/files.h"
#include "backend/base/id.h"
#include "backend/daemon/registry.h"

#include <filesystem>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

class RegistryTest : public testing::Test
{
protected:
    RegistryTest()
        : home("/tmp/caisson-registry-" + randomId())
        , paths(api::pathsForHome(home))
    {
        EXPECT_TRUE(api::ensureFolders(paths));
    }
    ~RegistryTest() override { std::filesystem::remove_all(home); }

    static api::CreateSandbox named(const std::string& name)
    {
        api::CreateSandbox request;
        request.name = name;
        return request;
    }

    std::string home;
    api::Paths paths;
};

} // namespace

TEST_F(RegistryTest, FindsEverythingAgainAfterARestart)
{
    std::string id;
    {
        Registry registry(paths);
        const auto record = registry.create(named("web"));
        ASSERT_TRUE(record) << record.error().message;
        id = (*record)->sandbox.id;
        (*record)->sandbox.incarnation = 7;
        registry.save(**record);
        ASSERT_TRUE(registry.rename(**record, "shop"));
    }
    Registry registry(paths);
    ASSERT_TRUE(registry.load());
    EXPECT_FALSE(registry.find("web"));
    const auto record = registry.find("shop");
    ASSERT_TRUE(record);
    EXPECT_EQ((*record)->sandbox.id, id);
    EXPECT_EQ((*record)->sandbox.incarnation, 7);
    EXPECT_EQ(registry.find(id).value(), record.value());
}

TEST_F(RegistryTest, RefusesANameThatIsTaken)
{
    Registry registry(paths);
    ASSERT_TRUE(registry.create(named("a")));
    const auto other = registry.create(named("b"));
    ASSERT_TRUE(other);
    EXPECT_EQ(registry.create(named("a")).error().code, ErrorCode::Exists);
    EXPECT_EQ(registry.rename(**other, "a").error().code, ErrorCode::Exists);
    EXPECT_EQ(registry.create(named("../x")).error().code, ErrorCode::InvalidName);
    EXPECT_TRUE(registry.rename(**other, "b"));
}

TEST_F(RegistryTest, LeavesAFolderItCannotReadAlone)
{
    std::string id;
    {
        Registry registry(paths);
        id = (*registry.create(named("broken")))->sandbox.id;
        ASSERT_TRUE(registry.create(named("whole")));
    }
    ASSERT_TRUE(writeFileAtomically(paths.sandbox(id) + "/sandbox.json", "{\"half"));
    Registry registry(paths);
    ASSERT_TRUE(registry.load());
    EXPECT_FALSE(registry.find("broken"));
    EXPECT_TRUE(registry.find("whole"));
    EXPECT_TRUE(std::filesystem::exists(paths.sandbox(id)));
}

TEST_F(RegistryTest, KeepsTheRemainsOfARemovedOneInSight)
{
    Registry registry(paths);
    const std::string id = (*registry.create(named("gone")))->sandbox.id;
    ASSERT_TRUE(registry.remove(id));
    EXPECT_FALSE(registry.find(id));
    ASSERT_EQ(registry.remains().size(), 1u);
    EXPECT_TRUE(registry.remains().front().ends_with(id));
    Registry again(paths);
    ASSERT_TRUE(again.load());
    EXPECT_TRUE(again.all().empty());
    EXPECT_EQ(again.remains().size(), 1u);
}
