// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include <filesystem>
#include <format>
#include <fstream>
#include <sys/stat.h>

namespace caisson::test {

class Mounts : public ContainerTest
{
};

INSTANTIATE_TEST_SUITE_P(As, Mounts, testing::Values(As::Root, As::User), asName);

TEST_P(Mounts, WhatRootWritesBelongsToTheStarter)
{
    const std::string source = makeFolder("project");
    const auto container = start({"--mount", source + ":/workspace"});
    EXPECT_EQ(container->fact("workspace"), source);
    EXPECT_EQ(onHost("echo before > " + source + "/old"), "");
    EXPECT_EQ(
        container->run("cd /workspace; stat -c '%u %g' . old; echo more >> old; echo x > new; "
                       "mkdir d; chmod 600 new; cat old"),
        "0 0\n0 0\nbefore\nmore");
    const std::string owner = std::to_string(starter());
    EXPECT_EQ(onHost(std::format("cd {}; stat -c '%u %a' new d", source)),
              owner + " 600\n" + owner + " 755");
    EXPECT_EQ(onHost("cat " + source + "/new; rm -r " + source + "/d && echo removed"),
              "x\nremoved");
}

TEST_P(Mounts, ReadOnlyIsReadOnly)
{
    const std::string source = makeFolder("project");
    onHost("echo x > " + source + "/file");
    const auto container = start({"--mount", source + ":/data/in/depth:ro"});
    EXPECT_EQ(container->run("cat /data/in/depth/file; (echo y > /data/in/depth/file) 2>&1 | "
                             "grep -c 'Read-only file system'"),
              "x\n1");
    EXPECT_TRUE(container->run("mount -o remount,rw,bind /data/in/depth").contains("permission"));
    EXPECT_TRUE(
        container->run("grep /data/in/depth /proc/self/mounts").contains(" ro,nosuid,nodev"));
}

TEST_P(Mounts, AFileIsMountedOnAFile)
{
    const std::string source = makeFolder("project");
    onHost("echo x > " + source + "/file");
    const auto container = start({"--mount", source + "/file:/etc/special.conf"});
    EXPECT_EQ(container->run("cat /etc/special.conf; echo y > /etc/special.conf"), "x");
    EXPECT_EQ(contentOf(source + "/file"), "y\n");
}

TEST_P(Mounts, DevicesAndSetUserIdDoNothingThere)
{
    const std::string source = makeFolder("project");
    const auto container = start({"--mount", source + ":/workspace"});
    EXPECT_TRUE(container->run("grep /workspace /proc/self/mounts").contains("rw,nosuid,nodev"));
}

TEST_P(Mounts, AreRefusedWithAReason)
{
    const std::string source = makeFolder("project");
    const auto errorOf = [&](const std::string& mount) {
        const RunningContainer container(GetParam(), home(), {"--mount", mount}, {});
        EXPECT_FALSE(container.started());
        return container.error();
    };
    EXPECT_EQ(errorOf(source + "/missing:/x"),
              std::format("cannot mount {}/missing at /x: No such file or directory; put it back "
                          "where it was, then start again",
                          source));
    EXPECT_EQ(errorOf("/dev/null:/x"), "cannot mount /dev/null: it is neither a folder nor a file");
    for (const char* target : {"/proc", "/proc/1", "/sys/x", "/dev", "//dev//shm", "/.caisson"})
        EXPECT_TRUE(errorOf(source + ":" + target).contains("is the sandbox's own")) << target;
    EXPECT_TRUE(errorOf(source + ":/").contains("absolute path below /"));
    EXPECT_TRUE(errorOf(source + ":x/y").contains("absolute path below /"));
    EXPECT_TRUE(errorOf(source + ":/x/../y").contains("no \".\" or \"..\""));
    EXPECT_TRUE(errorOf(source + ":/etc/passwd").contains("Not a directory"));
    // Nothing was left behind: another start works.
    EXPECT_EQ(start()->run("echo fine"), "fine");
}

// A sandbox may have left links where a folder is to be mounted at its next start.
TEST_P(Mounts, TargetsDoNotLeadOutOfTheSandbox)
{
    const std::string source = makeFolder("project");
    const std::string outside = makeFolder("outside");
    start()->run(std::format("ln -s {} /trap; ln -s ../../../../../..{} /up", outside, outside));
    const RunningContainer first(GetParam(), home(), {"--mount", source + ":/trap/x"}, {});
    const RunningContainer second(GetParam(), home(), {"--mount", source + ":/up/y"}, {});
    EXPECT_EQ(onHost("ls -A " + outside), "");
}

TEST_P(Mounts, OwnersAreShiftedOneToOne)
{
    if (!asRoot())
        GTEST_SKIP() << "without root, ids beyond the starter's are subordinate ones outside too";
    const std::string source = makeFolder("project");
    const auto container = start({"--mount", source + ":/workspace"});
    container->run("chmod 777 /workspace; su dev -c 'touch /workspace/theirs'");
    EXPECT_EQ(onHost("stat -c %u " + source + "/theirs"), "1000");
    // Ids that are no one's inside stay out of reach.
    onHost("install -o 70000 -m 600 /dev/null " + source + "/foreign");
    EXPECT_EQ(container->run("stat -c %u /workspace/foreign; cat /workspace/foreign 2>&1 | "
                             "grep -c 'Permission denied'"),
              "65534\n1");
}

// A file system that cannot be id-mapped is refused for writing and shown as nobody's for reading:
// never as root's own.
TEST_P(Mounts, WhatCannotBeMappedIsNotWritten)
{
    if (!asRoot())
        GTEST_SKIP() << "id-mapping is root's";
    const RunningContainer writing(GetParam(), home(), {"--mount", "/proc/sys:/x"}, {});
    EXPECT_TRUE(writing.error().contains("cannot be id-mapped")) << writing.error();
    const auto reading = start({"--mount", "/proc/sys:/x:ro"});
    EXPECT_EQ(reading->run("stat -c %u /x"), "65534");
}

} // namespace caisson::test
