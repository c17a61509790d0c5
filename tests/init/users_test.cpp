// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/users.h"

#include <gtest/gtest.h>

namespace caisson::init {

namespace {

constexpr std::string_view kPasswd = "root:x:0:0:root:/root:/bin/bash\n"
                                     "# not a line\n"
                                     "broken:x:notanumber:0::/:/bin/sh\n"
                                     "minus:x:4294967295:0::/:/bin/sh\n"
                                     "dev:x:1000:1000:Developer:/home/dev:\n"
                                     "second:x:1000:2000::/home/second:/bin/zsh\n"
                                     "4242:x:77:77::/home/number:/bin/sh\n"
                                     "homeless:x:5:5:::";
constexpr std::string_view kGroup = "root:x:0:\n"
                                    "dev:x:1000:\n"
                                    "wheel:x:10:root,dev\n"
                                    "docker:x:999:someone,dev,else\n"
                                    "devel:x:998:developer\n"
                                    "odd:x:nogid:dev\n";

Result<Identity> find(std::string_view user)
{
    return findUser(user, 0, kPasswd, kGroup);
}

TEST(Users, ByName)
{
    const auto dev = find("dev");
    ASSERT_TRUE(dev);
    EXPECT_EQ(dev->uid, 1000u);
    EXPECT_EQ(dev->gid, 1000u);
    EXPECT_EQ(dev->groups, (std::vector<gid_t>{1000, 10, 999}));
    EXPECT_EQ(dev->name, "dev");
    EXPECT_EQ(dev->home, "/home/dev");
    EXPECT_EQ(dev->shell, "/bin/sh");
    EXPECT_EQ(find("second")->gid, 2000u);
    EXPECT_EQ(find("homeless")->home, "/");
}

TEST(Users, NobodySaidIsInitsOwn)
{
    EXPECT_EQ(find("")->name, "root");
    EXPECT_EQ(find("")->shell, "/bin/bash");
    EXPECT_EQ(find("")->groups, (std::vector<gid_t>{0, 10}));
    const auto bare = findUser("", 0, "", "");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->name, "root");
    EXPECT_EQ(bare->home, "/root");
    EXPECT_EQ(bare->shell, "/bin/sh");
}

TEST(Users, ByNumber)
{
    EXPECT_EQ(find("1000")->name, "dev"); // the first line of several
    EXPECT_EQ(find("1000")->groups, (std::vector<gid_t>{1000, 10, 999}));
    const auto unknown = find("555");
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->uid, 555u);
    EXPECT_EQ(unknown->gid, 0u);
    EXPECT_EQ(unknown->name, "555");
    EXPECT_EQ(unknown->home, "/");
    EXPECT_EQ(find("4242")->uid, 77u); // a name that looks like a number
}

TEST(Users, WithGroup)
{
    const auto given = find("1000:33");
    ASSERT_TRUE(given);
    EXPECT_EQ(given->uid, 1000u);
    EXPECT_EQ(given->gid, 33u);
    EXPECT_EQ(given->groups, std::vector<gid_t>{33});
    EXPECT_EQ(given->home, "/home/dev");
}

TEST(Users, Refused)
{
    EXPECT_EQ(find("nobody-here").error().code, ErrorCode::NotFound);
    EXPECT_EQ(find("broken").error().code, ErrorCode::NotFound);
    EXPECT_EQ(find("minus").error().code, ErrorCode::NotFound);
    EXPECT_EQ(find("4294967295").error().code, ErrorCode::NotFound);
    for (const char* const user : {"1000:", "1000:x", "dev:33", ":33", ":", "1:2:3", "-1:0"})
        EXPECT_EQ(find(user).error().code, ErrorCode::BadRequest) << user;
}

} // namespace

} // namespace caisson::init
