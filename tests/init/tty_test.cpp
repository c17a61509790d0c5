// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include <csignal>
#include <cstdio>
#include <gtest/gtest.h>
#include <unistd.h>

namespace caisson::init::test {

namespace {

api::ExecRequest onTerminal(std::vector<std::string> argv)
{
    return {.argv = std::move(argv), .tty = true, .cols = 100, .rows = 30};
}

TEST(InitTty, IsATerminalOfItsSession)
{
    InitProcess init;
    const auto outcome =
        init.run(onTerminal({"sh", "-c",
                             "test -t 0 && test -t 1 && test -t 2 && tty && stty size && "
                             "echo $TERM && : > /dev/tty && echo controlling"}));
    EXPECT_TRUE(outcome.out.starts_with("/dev/pts/")) << outcome.out;
    EXPECT_TRUE(outcome.out.ends_with("\r\n30 100\r\nxterm-256color\r\ncontrolling\r\n"))
        << outcome.out;
    EXPECT_EQ(outcome.exit.code, 0);
}

TEST(InitTty, ResizeIsSeenAndSignalled)
{
    InitProcess init;
    const std::uint32_t channel =
        init.start(onTerminal({"sh", "-c",
                               "trap 'stty size; exit 0' WINCH; echo ready; "
                               "while :; do sleep 0.01; done"}));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data == "ready\r\n"; }));
    ASSERT_TRUE(init.ask<api::Empty>("resize", api::ChannelResize{channel, 132, 43}));
    EXPECT_EQ(init.finish(channel).out, "ready\r\n43 132\r\n");
}

TEST(InitTty, ImpossibleSizesAreRefused)
{
    InitProcess init;
    const std::uint32_t terminal = init.start(onTerminal({"cat"}));
    const std::uint32_t pipes = init.start({.argv = {"cat"}});
    const auto code = [&](std::uint32_t channel, int cols, int rows) {
        return init.ask<api::Empty>("resize", api::ChannelResize{channel, cols, rows}).error().code;
    };
    EXPECT_EQ(code(terminal, 0, 24), ErrorCode::BadRequest);
    EXPECT_EQ(code(terminal, 80, 65536), ErrorCode::BadRequest);
    EXPECT_EQ(code(pipes, 80, 24), ErrorCode::BadRequest);
}

TEST(InitTty, CtrlCInterruptsTheForegroundJob)
{
    InitProcess init;
    const std::uint32_t channel = init.start(onTerminal(
        {"sh", "-c", "trap 'echo interrupted' INT; echo ready; sleep 100; echo next; exit 3"}));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data.contains("ready"); }));
    // Only once sleep is there to be interrupted.
    ASSERT_TRUE(becomesTrue([] { return !processesWith("sleep\000100"sv).empty(); }));
    init.sendData(channel, "\x03");
    const auto outcome = init.finish(channel);
    EXPECT_TRUE(outcome.out.contains("interrupted")) << outcome.out;
    EXPECT_EQ(outcome.exit.code, 3);
}

TEST(InitTty, EndIsTheEndOfInput)
{
    InitProcess init;
    EXPECT_EQ(init.run(onTerminal({"sh", "-c", "stty -echo; echo go; wc -c"}), "").exit.code, 0);
    // After a partial line too, where one ^D only ends the line.
    const auto outcome = init.run(onTerminal({"sh", "-c", "stty -echo; cat"}), "no newline");
    EXPECT_TRUE(outcome.out.contains("no newline")) << outcome.out;
    EXPECT_EQ(outcome.exit.code, 0);
}

TEST(InitTty, BytesAreNotTouchedInRawMode)
{
    InitProcess init;
    const std::uint32_t channel = init.start(onTerminal(
        {"sh", "-c", "stty raw -echo; printf ready; head -c 256 | od -An -v -tu1 -w256"}));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data == "ready"; }));
    std::string all;
    std::string expected;
    for (int i = 0; i < 256; ++i) {
        all += static_cast<char>(i);
        char number[8];
        std::snprintf(number, sizeof number, "%4d", i);
        expected += number;
    }
    init.sendData(channel, all);
    EXPECT_EQ(init.finish(channel).out, "ready" + expected + "\n");
}

TEST(InitTty, EveryByteBeforeTheExitArrives)
{
    InitProcess init;
    for (int i = 0; i < 5; ++i) {
        const auto outcome = init.run(onTerminal({"seq", "1", "50000"}));
        EXPECT_TRUE(outcome.out.starts_with("1\r\n2\r\n"));
        EXPECT_TRUE(outcome.out.ends_with("49999\r\n50000\r\n"));
        EXPECT_EQ(outcome.out.size(), 338'894u);
    }
}

TEST(InitTty, ASlowReaderLosesNothing)
{
    InitProcess init;
    const std::uint32_t channel = init.start(onTerminal({"sh", "-c", "stty raw; seq 1 170000"}));
    init.channel(channel).grants = false;
    EXPECT_FALSE(init.waitEvent("exit", channel, 700ms));
    init.channel(channel).grants = true;
    init.sendCredit(channel, 100'000);
    const auto outcome = init.finish(channel);
    EXPECT_TRUE(outcome.out.ends_with("169999\n170000\n"));
    EXPECT_EQ(outcome.out.size(), 1'078'895u);
}

TEST(InitTty, InputOfAnySizeIsTaken)
{
    InitProcess init;
    const std::uint32_t channel = init.start(
        onTerminal({"sh", "-c", "stty raw -echo; printf ready; head -c 3000000 | wc -c"}));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data == "ready"; }));
    init.sendAll(channel, std::string(3'000'000, 'x'));
    EXPECT_EQ(init.finish(channel).out, "ready3000000\n");
}

TEST(InitTty, BelongsToItsUser)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "becoming another user needs root";
    InitProcess init;
    auto request = onTerminal({"sh", "-c", "stat -Lc %u /dev/stdin; : <$(tty) && echo opened"});
    request.user = "4242";
    EXPECT_EQ(init.run(request).out, "4242\r\nopened\r\n");
}

TEST(InitTty, WithoutArgvItIsTheUsersShell)
{
    InitProcess init;
    const auto outcome = init.run(onTerminal({}), "echo shell: $0\nexit 12\n");
    EXPECT_TRUE(outcome.out.contains("sh")) << outcome.out;
    EXPECT_EQ(outcome.exit.code, 12);
}

TEST(InitTty, ErasesWholeCharacters)
{
    InitProcess init;
    const std::uint32_t channel =
        init.start(onTerminal({"sh", "-c", "echo go; read x; echo [$x]"}));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data.contains("go"); }));
    init.sendData(channel, "a\xc3\xa9\x7f\n");
    EXPECT_TRUE(init.finish(channel).out.ends_with("[a]\r\n"));
}

TEST(InitTty, Throughput)
{
    InitProcess init;
    constexpr std::size_t size = 100'000'000;
    const std::uint32_t channel = init.start(
        onTerminal({"sh", "-c", "stty raw; head -c " + std::to_string(size) + " /dev/zero"}));
    init.channel(channel).keepData = false;
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(init.waitEvent("exit", channel, 60s));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(init.channel(channel).received, size);
    const double rate = size / took.count() / 1e6;
    std::printf("terminal: %.0f MB/s\n", rate);
    RecordProperty("megabytes_per_second", static_cast<int>(rate));
}

} // namespace

} // namespace caisson::init::test
