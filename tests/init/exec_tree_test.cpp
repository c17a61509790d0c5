// SPDX-License-Identifier: GPL-3.0-or-later
// Whole trees of processes: time-outs, hang-ups, and what a command leaves behind.
#include "tests/init/init_process.h"

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init::test {

namespace {

TEST(InitTree, ATimeoutEndsACommand)
{
    InitProcess init;
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = init.run({.argv = {"sleep", "100"}, .timeoutMs = 200});
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_TRUE(outcome.exit.timedOut);
    EXPECT_EQ(outcome.exit.signal, SIGKILL);
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 2s);
}

TEST(InitTree, ACommandInTimeDidNotTimeOut)
{
    InitProcess init;
    const auto outcome = init.run({.argv = {"true"}, .timeoutMs = 5000});
    EXPECT_FALSE(outcome.exit.timedOut);
    EXPECT_EQ(outcome.exit.code, 0);
}

TEST(InitTree, ATimeoutEndsDaemonsToo)
{
    InitProcess init;
    // Children, a session of its own, and one whose parents are all gone.
    const auto outcome = init.run(
        {.argv = {"sh", "-c",
                  "sleep 987661 & setsid sleep 987661 & (setsid sh -c 'sleep 987661 & exit' &); "
                  "trap '' TERM HUP INT; sleep 987661"},
         .timeoutMs = 500});
    EXPECT_TRUE(outcome.exit.timedOut);
    // All of it was gone before the exit was told.
    EXPECT_TRUE(processesWith("sleep\000987661"sv).empty());
}

TEST(InitTree, ATimeoutEndsWhatKeepsMoving)
{
    // Each process starts its successor in a new session and ends: whoever kills what he has seen
    // is always too late.
    InitProcess init;
    TemporaryFolder folder;
    const std::string script = folder / "hydra-987662";
    writeText(script, "#!/bin/sh\nsetsid \"$0\" &\nexit 0\n");
    ::chmod(script.c_str(), 0755);
    const auto outcome = init.run(
        {.argv = {"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do " + script + "; done; sleep 100"},
         .timeoutMs = 700});
    EXPECT_TRUE(outcome.exit.timedOut);
    EXPECT_EQ(processesWith("hydra-987662").size(), 0u);
}

TEST(InitTree, ATimeoutEndsAForkBomb)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "a user of its own, whose processes can be limited, needs root";
    InitProcess init;
    const auto outcome = init.run({.argv = {"prlimit", "--nproc=150", "sh", "-c",
                                            "bomb() { bomb | bomb & }; bomb; sleep 100"},
                                   .user = "987663",
                                   .timeoutMs = 700});
    EXPECT_TRUE(outcome.exit.timedOut);
    EXPECT_EQ(init.shell("ps -e -o uid= | grep -c 987663").out, "0\n");
}

TEST(InitTree, StoppedProcessesAreEndedToo)
{
    InitProcess init;
    const auto outcome = init.run(
        {.argv = {"sh", "-c", "sleep 987664 & kill -STOP $!; sleep 987664"}, .timeoutMs = 300});
    EXPECT_TRUE(outcome.exit.timedOut);
    EXPECT_TRUE(processesWith("sleep\000987664"sv).empty());
}

TEST(InitTree, AHangUpIsHupThenKill)
{
    InitProcess init;
    const std::uint32_t polite =
        init.start({.argv = {"sh", "-c", "trap 'exit 4' HUP; while :; do sleep 0.01; done"}});
    const std::uint32_t stubborn =
        init.start({.argv = {"sh", "-c", "trap '' HUP; setsid sleep 987665 & sleep 987665"}});
    ASSERT_TRUE(becomesTrue([] { return processesWith("sleep\000987665"sv).size() == 2; }));
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(init.ask<api::Empty>("hangup", api::ChannelRef{polite}));
    ASSERT_TRUE(init.ask<api::Empty>("hangup", api::ChannelRef{stubborn}));
    EXPECT_EQ(init.finish(polite).exit.code, 4);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    const auto outcome = init.finish(stubborn);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(outcome.exit.signal, SIGKILL);
    EXPECT_FALSE(outcome.exit.timedOut);
    EXPECT_GE(took, 1900ms);
    EXPECT_LT(took, 4s);
    EXPECT_TRUE(processesWith("sleep\000987665"sv).empty());
}

TEST(InitTree, AHangUpReachesStoppedJobs)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"sh", "-c", "kill -STOP $$"}});
    ASSERT_TRUE(init.ask<api::Empty>("hangup", api::ChannelRef{channel}));
    const auto outcome = init.finish(channel);
    EXPECT_TRUE(outcome.exit.signal == SIGHUP || outcome.exit.code == 0);
}

TEST(InitTree, AHangUpEndsAFloodThatNobodyReads)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"cat", "/dev/zero"}});
    init.channel(channel).grants = false;
    ASSERT_TRUE(
        init.readUntil([&] { return init.channel(channel).received >= api::kInitialCredit; }));
    ASSERT_TRUE(init.ask<api::Empty>("hangup", api::ChannelRef{channel}));
    EXPECT_EQ(init.finish(channel).exit.signal, SIGHUP);
}

TEST(InitTree, AnExecEndsWithItsCommand)
{
    InitProcess init;
    const auto begin = std::chrono::steady_clock::now();
    // The child holds the pipes for long; what it says within 200 ms is heard, later is not.
    const auto outcome =
        init.shell("(sleep 0.05; echo soon; sleep 987666; echo late) & echo first; exit 9");
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(outcome.exit.code, 9);
    EXPECT_EQ(outcome.out, "first\nsoon\n");
    EXPECT_GE(took, 180ms);
    EXPECT_LT(took, 2s);
    // And it lives on.
    EXPECT_EQ(processesWith("sleep\000987666"sv).size(), 1u);
}

TEST(InitTree, AnEndlessHolderOfThePipeIsLeft)
{
    InitProcess init;
    const auto begin = std::chrono::steady_clock::now();
    const std::uint32_t channel = init.start({.argv = {"sh", "-c", "cat /dev/zero & exit 6"}});
    init.channel(channel).keepData = false;
    EXPECT_EQ(init.finish(channel).exit.code, 6);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(InitTree, WithoutOthersThereIsNoWait)
{
    InitProcess init;
    auto quickest = 10000ms;
    for (int i = 0; i < 20; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        init.shell("echo x");
        quickest = std::min(quickest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::steady_clock::now() - begin));
    }
    EXPECT_LT(quickest, 150ms);
}

TEST(InitTree, SupervisorsGoWithTheirLastProcess)
{
    InitProcess init;
    init.shell("sleep 0.2 &");
    const std::string children =
        "/proc/" + std::to_string(init.pid()) + "/task/" + std::to_string(init.pid()) + "/children";
    EXPECT_TRUE(becomesTrue([&] { return readText(children).empty(); }));
}

/// All supervisors share init's memory, each with the stack of a thread that sleeps meanwhile.
TEST(InitTree, ManySupervisorsAtOnceKeepApart)
{
    InitProcess init;
    std::vector<std::uint32_t> channels;
    for (int i = 0; i < 40; ++i)
        channels.push_back(init.start({.argv = {"sh", "-c",
                                                "for i in 1 2 3; do (sleep 0.0$i; true) & done; "
                                                "wait; exit " +
                                                    std::to_string(i)},
                                       .user = i % 2 != 0 && ::geteuid() == 0 ? "1000" : ""}));
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(init.finish(channels[static_cast<std::size_t>(i)]).exit.code, i);
}

TEST(InitTree, AKilledSupervisorTakesNothingOfInitWithIt)
{
    InitProcess init;
    for (int round = 0; round < 5; ++round) {
        std::int64_t pid = 0;
        const std::uint32_t channel = init.start({.argv = {"sleep", "100"}}, &pid);
        const std::string status = readText("/proc/" + std::to_string(pid) + "/status");
        const pid_t supervisor = std::stoi(status.substr(status.find("PPid:") + 5));
        EXPECT_EQ(::kill(supervisor, round % 2 == 0 ? SIGKILL : SIGSEGV), 0);
        EXPECT_EQ(init.finish(channel).exit.signal, SIGKILL);
        EXPECT_EQ(init.shell("exit 3").exit.code, 3);
    }
}

/// Root inside can do that to it; its parent is the supervisor.
TEST(InitTree, AStoppedSupervisorGoesOn)
{
    InitProcess init;
    EXPECT_EQ(init.shell("kill -STOP $PPID; exit 7").exit.code, 7);
    EXPECT_EQ(init.shell("for i in 1 2 3 4 5 6 7 8; do kill -STOP $PPID; done; exit 8").exit.code,
              8);
    const auto late = init.run(
        {.argv = {"sh", "-c", "while :; do kill -STOP $PPID; sleep 0.02; done"}, .timeoutMs = 300});
    EXPECT_TRUE(late.exit.timedOut);
}

TEST(InitTree, NothingOutlivesAKilledSupervisor)
{
    InitProcess init;
    const std::uint32_t other = init.start({.argv = {"sh", "-c", "sleep 987664; exit 5"}});
    const auto outcome =
        init.shell("setsid sleep 987663 & (setsid sh -c 'sleep 987663 & sleep 987663' &); "
                   "sleep 0.1; kill -KILL $PPID; sleep 987663");
    EXPECT_EQ(outcome.exit.signal, SIGKILL);
    EXPECT_TRUE(becomesTrue([] { return processesWith("sleep\000987663"sv).empty(); }));
    // Nor when the command itself had ended before.
    EXPECT_EQ(
        init.shell("S=$PPID; setsid sh -c \"sleep 0.3; kill -KILL $S; sleep 987663\" &").exit.code,
        0);
    ASSERT_FALSE(processesWith("; sleep 987663").empty());
    EXPECT_TRUE(becomesTrue([] { return processesWith("sleep 987663").empty(); }));
    EXPECT_TRUE(becomesTrue([] { return processesWith("sleep\000987663"sv).empty(); }));
    // What others run is left alone.
    const std::vector<pid_t> left = processesWith("sleep\000987664"sv);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(::kill(left.front(), SIGKILL), 0);
    EXPECT_EQ(init.finish(other).exit.code, 5);
}

TEST(InitTree, TheSupervisorHoldsNothingOfTheCommand)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root may look: the supervisor is not dumpable";
    InitProcess init;
    std::int64_t pid = 0;
    const std::uint32_t channel = init.start({.argv = {"sleep", "20"}}, &pid);
    const std::string status = readText("/proc/" + std::to_string(pid) + "/status");
    const std::string parent = std::to_string(std::stoi(status.substr(status.find("PPid:") + 5)));
    // It lets go of them as soon as the command runs.
    EXPECT_TRUE(becomesTrue([&] {
        return std::distance(std::filesystem::directory_iterator("/proc/" + parent + "/fd"), {}) ==
               2;
    }));
    ASSERT_TRUE(init.ask<api::Empty>("signal", api::ChannelSignal{channel, SIGKILL}));
    EXPECT_EQ(init.finish(channel).exit.signal, SIGKILL);
}

} // namespace

} // namespace caisson::init::test
