// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include <csignal>
#include <filesystem>
#include <format>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::test {

class Lifetime : public ContainerTest
{
protected:
    static constexpr const char* kId = "0123456789ab";

    std::string cgroupsLeft()
    {
        return onHost(std::format("find /sys/fs/cgroup -name caisson-{}", kId));
    }

    /// What caissond does, as the user it runs as; says what went wrong.
    std::string removeLeftovers()
    {
        return onHost(std::format("{0}/tools/container_probe --home {0} --leftovers yes", home()));
    }

    bool stateLeft() { return exists(home() + "/run/crun/" + kId); }
};

INSTANTIATE_TEST_SUITE_P(As, Lifetime, testing::Values(As::Root, As::User), asName);

TEST_P(Lifetime, NothingIsLeftWhenInitHasEnded)
{
    const auto container = start({"--memory", "200000000", "--cpus", "1"});
    container->run("sleep 1000 &");
    EXPECT_EQ(container->finish(), 0);
    EXPECT_EQ(cgroupsLeft(), "");
    EXPECT_FALSE(stateLeft());
    EXPECT_FALSE(exists(sandboxFolder() + "/cgroups"));
    EXPECT_EQ(onHost("grep -c " + home() + " /proc/self/mountinfo"), "0");
}

TEST_P(Lifetime, TheRuntimeLeavesNoProcess)
{
    const auto container = start();
    EXPECT_EQ(onHost(std::format("cat /proc/{}/task/*/children", container->probePid())),
              std::format("{} ", container->initPid()));
}

TEST_P(Lifetime, InitsExitCodeIsKnown)
{
    const auto container = start();
    container->run("echo");
    EXPECT_EQ(container->finish(), 0);
}

// A keeper that is killed can remove nothing. Init ends with its link; the rest is for caissond.
TEST_P(Lifetime, NothingIsLeftWhenTheKeeperWasKilled)
{
    auto container = start({"--memory", "200000000"});
    const pid_t init = container->initPid();
    container->run("setsid sleep 1000 & setsid sleep 1000 &");
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, init, 0)));
    ASSERT_TRUE(process);
    ASSERT_EQ(::kill(container->probePid(), SIGKILL), 0);
    pollfd ended{process.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 10000), 1) << "init outlives its keeper";
    container->finish();
    EXPECT_EQ(removeLeftovers(), "");
    EXPECT_EQ(cgroupsLeft(), "");
    EXPECT_FALSE(stateLeft());
    EXPECT_EQ(removeLeftovers(), "") << "once more";
    EXPECT_EQ(start()->run("echo again"), "again");
}

// An init that neither minds its link nor its signals.
TEST_P(Lifetime, AStubbornInitIsEnded)
{
    auto container = start();
    const pid_t init = container->initPid();
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, init, 0)));
    ASSERT_TRUE(process);
    ASSERT_EQ(::kill(init, SIGSTOP), 0);
    ASSERT_EQ(::kill(container->probePid(), SIGKILL), 0);
    container->finish();
    EXPECT_EQ(removeLeftovers(), "");
    pollfd ended{process.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 1000), 1);
    EXPECT_EQ(cgroupsLeft(), "");
}

TEST_P(Lifetime, AFailedStartSaysWhyAndLeavesNothing)
{
    const RunningContainer missing(GetParam(), home(), {"--runtime", "no-such-runtime"}, {});
    EXPECT_EQ(missing.error(), "the OCI runtime no-such-runtime is not installed (or not in PATH)");
    const RunningContainer wrong(GetParam(), home(), {"--runtime", "/bin/false"}, {});
    EXPECT_EQ(wrong.error(), "/bin/false cannot start the sandbox: it ended with code 1");
    const RunningContainer noInit(GetParam(), home(), {"--init", "/etc/passwd"}, {});
    EXPECT_TRUE(noInit.error().starts_with("crun cannot start the sandbox: ")) << noInit.error();
    EXPECT_TRUE(noInit.error().contains("not executable")) << noInit.error();
    EXPECT_EQ(cgroupsLeft(), "");
    EXPECT_FALSE(stateLeft());
    EXPECT_EQ(start()->run("echo fine"), "fine");
}

// Where nobody has given the user subordinate ids.
TEST_P(Lifetime, OneIdIsEnough)
{
    if (asRoot())
        GTEST_SKIP() << "root has ids enough";
    const auto container = start({"--runtime", "/usr/bin/crun"}, {"env", "PATH=/nonexistent"});
    ASSERT_TRUE(container->started());
    EXPECT_EQ(container->run("id -u; echo x > /workspace/file; cat /workspace/file"), "0\nx");
    EXPECT_EQ(container->run("cat /proc/self/uid_map | tr -s ' '"), " 0 0 1");
    bool noted = false;
    for (const std::string& note : container->notes())
        noted = noted || note.starts_with("ids: ");
    EXPECT_TRUE(noted);
}

TEST_P(Lifetime, SeveralStartAtOnce)
{
    std::vector<std::unique_ptr<RunningContainer>> containers;
    for (int i = 0; i < 4; ++i) {
        const std::string id = std::format("00000000000{}", i);
        containers.push_back(start({"--id", id, "--name", "c" + id}));
    }
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(containers[static_cast<std::size_t>(i)]->run("hostname"),
                  std::format("c00000000000{}", i));
}

} // namespace caisson::test
