// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/names.h"
#include "backend/api/paths.h"
#include "backend/base/unique_fd.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace caisson;
using namespace caisson::api;

TEST(Names, OfSandboxesAreOneDnsLabel)
{
    for (const char* good : {"a", "web", "a-b-1", "0123456789abc", "0123456789ag"})
        EXPECT_TRUE(checkSandboxName(good)) << good;
    const std::string tooLong(64, 'a');
    for (const char* bad : {"", "-a", "a-", "A", "a/b", "..", "a.b", "a b", "ä", "a\n",
                            "0123456789ab", tooLong.c_str()})
        EXPECT_FALSE(checkSandboxName(bad)) << bad;
}

TEST(Names, ThatAreMadeUpAreAllowed)
{
    for (int i = 0; i < 200; ++i) {
        const std::string name = inventSandboxName();
        EXPECT_TRUE(checkSandboxName(name)) << name;
    }
}

TEST(Sizes, AreReadWithTheirUnits)
{
    EXPECT_EQ(parseSize("0"), 0);
    EXPECT_EQ(parseSize("512"), 512);
    EXPECT_EQ(parseSize("1.5k"), 1536);
    EXPECT_EQ(parseSize("2g"), 2LL << 30);
    EXPECT_EQ(parseSize("3T"), 3LL << 40);
    for (const char* bad : {"", "g", "-1", "1x", "1 g", "nan", "1e30t", "0x10", "1gg"})
        EXPECT_FALSE(parseSize(bad)) << bad;
}

TEST(Durations, NeedTheirUnit)
{
    EXPECT_EQ(parseDuration("250ms"), 250);
    EXPECT_EQ(parseDuration("10m"), 600'000);
    EXPECT_EQ(parseDuration("1.5s"), 1500);
    for (const char* bad : {"", "10", "m", "-1s", "1y"})
        EXPECT_FALSE(parseDuration(bad)) << bad;
}

TEST(Signals, HaveNamesAndNumbers)
{
    EXPECT_EQ(parseSignal("INT"), SIGINT);
    EXPECT_EQ(parseSignal("SIGTERM"), SIGTERM);
    EXPECT_EQ(parseSignal("9"), 9);
    for (const char* bad : {"", "0", "65", "SIG", "int", "9x"})
        EXPECT_FALSE(parseSignal(bad)) << bad;
}

TEST(Paths, FollowCaissonHome)
{
    ::setenv("CAISSON_HOME", "/somewhere/", 1);
    const Result<Paths> paths = pathsFromEnvironment();
    ::unsetenv("CAISSON_HOME");
    ASSERT_TRUE(paths);
    EXPECT_EQ(paths->data, "/somewhere");
    EXPECT_EQ(paths->daemonSocket(), "/somewhere/run/caissond.sock");
    EXPECT_EQ(pathsForHome(paths->home).run, paths->run);
}

TEST(Paths, AreTheSameForWhoIsToldTheDefaultHome)
{
    ::unsetenv("CAISSON_HOME");
    const Result<Paths> paths = pathsFromEnvironment();
    ASSERT_TRUE(paths);
    const Paths told = pathsForHome(paths->home);
    EXPECT_EQ(told.run, paths->run);
    EXPECT_EQ(told.config, paths->config);
}

TEST(Paths, OfSocketsMayBeLongerThanAnAddress)
{
    const std::string folder = "/tmp/" + std::string(120, 'd') + std::to_string(::getpid());
    ASSERT_EQ(std::system(("mkdir -p " + folder).c_str()), 0);
    const Result<UnixAddress> address = UnixAddress::of(folder + "/s.sock");
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_LE(address->path().size(), 107u);
    const UniqueFd made(::open(address->path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_TRUE(made);
    EXPECT_EQ(::access((folder + "/s.sock").c_str(), F_OK), 0);
    EXPECT_EQ(std::system(("rm -r " + folder).c_str()), 0);
}
