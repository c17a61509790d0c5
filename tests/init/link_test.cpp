// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::init::test {

namespace {

constexpr uid_t kNobody = 65534;

TEST(InitLink, SaysHelloFirst)
{
    InitProcess init;
    EXPECT_EQ(init.hello().version, api::kInitProtocolVersion);
    EXPECT_EQ(init.hello().pid, init.pid());
}

TEST(InitLink, EndsAtOnceWithItsKeeper)
{
    InitProcess init;
    init.start({.argv = {"sleep", "987651"}});
    ASSERT_EQ(processesWith("987651").size(), 1u);
    const auto begin = std::chrono::steady_clock::now();
    init.closeLink();
    EXPECT_EQ(init.waitExit(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    // Not pid 1 here, so it is the command's supervisor that ends the command.
    EXPECT_TRUE(becomesTrue([] { return processesWith("987651").empty(); }));
}

void expectProtocolEnd(std::string_view bytes, std::string_view message)
{
    InitProcess init;
    init.sendRaw(bytes);
    const int status = init.waitExit();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    EXPECT_TRUE(init.standardError().contains(message)) << message;
}

TEST(InitLink, ABrokenFrameEndsItWithAMessage)
{
    expectProtocolEnd({"\xff\xff\xff\x7f\x00\x00\x00\x00\x00", 9}, "larger than allowed");
    expectProtocolEnd({"\x00\x00\x00\x00\x09\x00\x00\x00\x00", 9}, "no known kind");
    expectProtocolEnd({"\x01\x00\x00\x00\x03\x00\x00\x00\x00z", 10}, "not four bytes");
    expectProtocolEnd(api::encodeFrame(api::FrameKind::Control, 0, "{nonsense"),
                      "caisson-init ends");
    expectProtocolEnd(api::encodeFrame(api::FrameKind::Control, 0, "[1]"), "caisson-init ends");
}

TEST(InitLink, DataBeyondTheCreditEndsIt)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"sleep", "20"}});
    const std::string block(64 * 1024, 'x');
    for (std::size_t sent = 0; sent < api::kInitialCredit; sent += block.size())
        init.sendData(channel, block);
    // What sleep does not read may lie in the pipe, 64 KiB, but no credit comes back for so little.
    init.sendData(channel, block);
    EXPECT_TRUE(WIFEXITED(init.waitExit()));
    EXPECT_TRUE(init.standardError().contains("credit"));
}

TEST(InitLink, WrongRequestsAreAnsweredAndHarmless)
{
    InitProcess init;
    EXPECT_EQ(init.call("nonsense", "{}").error->code, ErrorCode::BadRequest);
    EXPECT_EQ(init.call("stat", R"({"path":7})").error->code, ErrorCode::BadRequest);
    EXPECT_EQ(init.call("stat", R"({"unknown":1})").error->code, ErrorCode::BadRequest);
    EXPECT_EQ(init.call("spawn", R"({})", 1).error->code, ErrorCode::BadRequest);
    EXPECT_EQ(init.call("list", api::toJson(api::ListRequest{{"/"}}), 0).error->code,
              ErrorCode::BadRequest);
    EXPECT_EQ(init.ask<api::Empty>("signal", api::ChannelSignal{77, 1}).error().code,
              ErrorCode::NotFound);
    // Frames of channels that are over, or never were.
    init.sendData(99, "lost");
    init.sendEnd(99);
    init.sendCredit(99, 5);
    EXPECT_EQ(init.shell("echo fine").out, "fine\n");
}

TEST(InitLink, AChannelInUseIsRefused)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"cat"}});
    const auto reply =
        init.call("spawn", api::toJson(api::SpawnRequest{{.argv = {"true"}, .cwd = "/"}}), channel);
    EXPECT_EQ(reply.error->code, ErrorCode::BadRequest);
    init.sendEnd(channel);
    EXPECT_EQ(init.finish(channel).exit.code, 0);
}

TEST(InitLink, NobodyInsideCanLookAtIt)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "becoming another user needs root";
    InitProcess init({.uid = kNobody});
    struct stat info;
    ASSERT_EQ(::stat(("/proc/" + std::to_string(init.pid()) + "/environ").c_str(), &info), 0);
    // proc_pid(5): what is not dumpable belongs to root.
    EXPECT_EQ(info.st_uid, 0u);
    const auto outcome = init.shell("cat /proc/$PPID/environ || cat /proc/" +
                                    std::to_string(init.pid()) + "/environ");
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.exit.code, 1);
}

TEST(InitLink, SignalsFromInsideHaveNoEffect)
{
    InitProcess init;
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGTSTP})
        ::kill(init.pid(), number);
    EXPECT_EQ(init.shell("echo alive").out, "alive\n");
}

TEST(InitLink, FollowsItsKeeperEvenIfTheStreamStaysOpen)
{
    // As the keeper is: a process between, whose child init is. The test holds the stream's end
    // too, so that only the parent's death can end init.
    int pids[2];
    ASSERT_EQ(::pipe(pids), 0);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const pid_t keeper = ::fork();
    if (keeper == 0) {
        const pid_t init = ::fork();
        if (init == 0) {
            ::dup2(ends[1], 0);
            ::dup2(ends[1], 1);
            ::execl(CAISSON_INIT, CAISSON_INIT, nullptr);
            ::_exit(98);
        }
        [[maybe_unused]] const ssize_t told = ::write(pids[1], &init, sizeof init);
        ::pause();
    }
    pid_t init = 0;
    ASSERT_EQ(::read(pids[0], &init, sizeof init), static_cast<ssize_t>(sizeof init));
    const std::string request = api::encodeControl({.id = 1, .op = "nonsense", .body = "{}"});
    ASSERT_EQ(::send(ends[0], request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    std::string heard;
    while (!heard.contains("bad_request")) {
        char buffer[4096];
        const ssize_t got = ::recv(ends[0], buffer, sizeof buffer, 0);
        ASSERT_GT(got, 0);
        heard.append(buffer, static_cast<std::size_t>(got));
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1); // to wait for init once it is an orphan
    ::kill(keeper, SIGKILL);
    ::waitpid(keeper, nullptr, 0);
    int status = 0;
    ASSERT_TRUE(becomesTrue([&] { return ::waitpid(init, &status, WNOHANG) == init; }));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(InitLink, AsPid1)
{
    if (::system("unshare --pid --fork --mount-proc --user --map-root-user true 2>/dev/null") != 0)
        GTEST_SKIP() << "this kernel allows no user namespaces (kernel.unprivileged_userns_clone)";
    InitProcess init({.wrapper = {"unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                                  "--user", "--map-root-user"}});
    EXPECT_EQ(init.hello().pid, 1);
    // Orphans of orphans, then time for them to end: none is left as a zombie.
    const auto outcome = init.shell("for i in 1 2 3; do (setsid sh -c 'sleep 0.05' &); done; "
                                    "kill -TERM 1; kill -KILL 1; kill -STOP 1; sleep 0.3; "
                                    "cat /proc/[0-9]*/stat | grep -c ') Z '");
    EXPECT_EQ(outcome.out, "0\n") << outcome.err;

    // Somebody inside kills the supervisor: the command is init's own child then, and ended; its
    // status is the true one.
    std::int64_t pid = 0;
    const std::uint32_t channel = init.start({.argv = {"sleep", "100"}}, &pid);
    init.shell("kill -9 $(cut -d' ' -f4 /proc/" + std::to_string(pid) + "/stat)");
    const auto killed = init.finish(channel);
    EXPECT_EQ(killed.exit.signal, SIGKILL);
    EXPECT_FALSE(killed.exit.timedOut);

    init.start({.argv = {"sleep", "987653"}});
    ASSERT_FALSE(processesWith("sleep\000987653"sv).empty());
    init.closeLink();
    init.waitExit();
    EXPECT_TRUE(becomesTrue([] { return processesWith("sleep\000987653"sv).empty(); }));
}

} // namespace

} // namespace caisson::init::test
