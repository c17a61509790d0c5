// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes through commands: order, amount, and who may hold up whom.
#include "tests/init/init_process.h"

#include <gtest/gtest.h>

namespace caisson::init::test {

namespace {

constexpr std::size_t kMuch = 100 * 1000 * 1000;
/// Of the program itself and two windows of credit in flight, with room for a sanitizer.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::int64_t kMostMemoryKb = 600 * 1024;
#else
constexpr std::int64_t kMostMemoryKb = 24 * 1024;
#endif

std::string someBytes(std::size_t size)
{
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

TEST(InitFlow, BinaryBothWays)
{
    InitProcess init;
    const std::string bytes = someBytes(3'000'000);
    const auto outcome = init.run({.argv = {"cat"}}, bytes);
    EXPECT_TRUE(outcome.out == bytes);
    EXPECT_EQ(outcome.exit.code, 0);
}

TEST(InitFlow, AHundredMegabytesBothWaysInBoundedMemory)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"cat"}});
    init.channel(channel).keepData = false;
    const std::string block = someBytes(64 * 1024);
    std::size_t sent = 0;
    for (; sent + block.size() <= kMuch; sent += block.size())
        init.sendAll(channel, block);
    init.sendEnd(channel);
    const auto exited = init.waitEvent("exit", channel, 60s);
    ASSERT_TRUE(exited);
    // One byte a frame says which stream it is.
    EXPECT_GE(init.channel(channel).received, sent);
    EXPECT_LE(init.channel(channel).received, sent + sent / 1000);
    EXPECT_LT(init.memoryPeakKb(), kMostMemoryKb);
}

TEST(InitFlow, OutputStopsAtTheCredit)
{
    InitProcess init;
    const std::uint32_t channel =
        init.start({.argv = {"sh", "-c", "head -c 5000000 /dev/zero; echo end >&2"}});
    init.channel(channel).grants = false;
    init.readUntil([&] { return init.channel(channel).received >= api::kInitialCredit; });
    EXPECT_FALSE(init.readUntil(
        [&] { return init.channel(channel).received > api::kInitialCredit; }, 200ms));
    EXPECT_EQ(init.channel(channel).received, api::kInitialCredit);
    init.sendCredit(channel, 1000);
    EXPECT_TRUE(init.readUntil(
        [&] { return init.channel(channel).received == api::kInitialCredit + 1000; }));
    init.channel(channel).grants = true;
    init.sendCredit(channel, 1'000'000);
    const auto outcome = init.finish(channel);
    EXPECT_EQ(outcome.out.size(), 5'000'000u);
    EXPECT_EQ(outcome.err, "end\n");
}

TEST(InitFlow, ASlowReaderGetsAllOfItAfterTheExit)
{
    // The command is gone long before its last bytes are read. They are its own, so the 200 ms for
    // strangers must not cut them off.
    InitProcess init;
    const std::uint32_t channel = init.start(
        {.argv = {"sh", "-c", "read go; head -c 1048000 /dev/zero; head -c 60000 /dev/zero"}});
    init.channel(channel).grants = false; // before the first byte comes
    init.sendAll(channel, "go\n");
    EXPECT_FALSE(init.waitEvent("exit", channel, 800ms));
    init.sendCredit(channel, 1'000'000);
    const auto outcome = init.finish(channel);
    EXPECT_EQ(outcome.out.size(), 1'108'000u);
}

TEST(InitFlow, InputStopsAtTheCredit)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"sh", "-c", "sleep 0.3; wc -c"}});
    const std::string block(64 * 1024, 'x');
    std::size_t sent = 0;
    for (; init.channel(channel).credit >= block.size(); sent += block.size())
        init.sendAll(channel, block);
    EXPECT_EQ(sent, api::kInitialCredit);
    // Once the command reads, credit comes.
    EXPECT_TRUE(init.readUntil([&] { return init.channel(channel).credit > 0; }));
    init.sendEnd(channel);
    EXPECT_EQ(init.finish(channel).out, std::to_string(sent) + "\n");
}

TEST(InitFlow, ASlowChannelHoldsUpNoOther)
{
    InitProcess init;
    const std::uint32_t slow = init.start({.argv = {"cat", "/dev/zero"}});
    init.channel(slow).grants = false;
    const std::uint32_t unread = init.start({.argv = {"sleep", "30"}});
    init.sendAll(unread, std::string(api::kInitialCredit, 'x'));
    ASSERT_TRUE(init.readUntil([&] { return init.channel(slow).received >= api::kInitialCredit; }));
    const auto outcome = init.run({.argv = {"cat"}}, someBytes(5'000'000));
    EXPECT_EQ(outcome.out.size(), 5'000'000u);
}

TEST(InitFlow, AFloodIsSharedWithOthers)
{
    InitProcess init;
    const std::uint32_t flood = init.start({.argv = {"cat", "/dev/zero"}});
    init.channel(flood).keepData = false;
    for (int i = 0; i < 5; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(init.shell("echo quick").out, "quick\n");
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    }
}

TEST(InitFlow, ACommandThatClosesItsInputEarly)
{
    InitProcess init;
    // All of it must be taken, though nobody reads it.
    const auto outcome = init.run({.argv = {"sh", "-c", "head -c 3; exec <&-; sleep 0.5; exit 5"}},
                                  std::string(4'000'000, 'x'));
    EXPECT_EQ(outcome.out, "xxx");
    EXPECT_EQ(outcome.exit.code, 5);
}

TEST(InitFlow, AnEndWithoutInputIsAnEnd)
{
    InitProcess init;
    EXPECT_EQ(init.run({.argv = {"wc", "-c"}}).out, "0\n");
}

TEST(InitFlow, EndBeforeTheCommandRunsIsNotLost)
{
    InitProcess init;
    const std::uint32_t channel = init.newChannel();
    init.channel(channel).prefixed = true;
    const auto id =
        init.send("spawn", api::toJson(api::SpawnRequest{{.argv = {"cat"}, .cwd = "/"}}), channel);
    init.sendData(channel, "early");
    init.sendEnd(channel);
    EXPECT_FALSE(init.waitReply(id).error);
    EXPECT_EQ(init.finish(channel).out, "early");
}

} // namespace

} // namespace caisson::init::test
