// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include <csignal>
#include <format>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init::test {

namespace {

TEST(InitExec, EveryExitCodeIsExact)
{
    InitProcess init;
    for (int code = 0; code < 256; ++code) {
        const auto outcome = init.shell("exit " + std::to_string(code));
        EXPECT_EQ(outcome.exit.code, code);
        EXPECT_FALSE(outcome.exit.signal);
        EXPECT_FALSE(outcome.exit.timedOut);
    }
}

TEST(InitExec, SignalsAreExact)
{
    InitProcess init;
    for (const int number :
         {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGTERM, SIGUSR1}) {
        const auto outcome = init.shell("kill -" + std::to_string(number) + " $$");
        EXPECT_EQ(outcome.exit.signal, number);
        EXPECT_FALSE(outcome.exit.code);
    }
}

TEST(InitExec, ArgumentsAreWordsNotAShell)
{
    InitProcess init;
    const auto outcome =
        init.run({.argv = {"printf", "[%s]", "a b", "$HOME", "*", "", "\"'\n", "\xc3\xa9"}});
    EXPECT_EQ(outcome.out, "[a b][$HOME][*][][\"'\n][\xc3\xa9]");
}

TEST(InitExec, OutputAndErrorAreTwoStreams)
{
    InitProcess init;
    const auto outcome = init.shell("echo out; echo err >&2");
    EXPECT_EQ(outcome.out, "out\n");
    EXPECT_EQ(outcome.err, "err\n");
}

TEST(InitExec, WhatIsNotThereIs127)
{
    InitProcess init;
    for (const char* const program : {"no-such-program", "/no/such/program", "/etc/passwd/x", ""}) {
        const auto outcome = init.run({.argv = {program}});
        ASSERT_TRUE(outcome.error) << program;
        EXPECT_EQ(outcome.error->code, ErrorCode::CommandNotFound) << program;
    }
}

TEST(InitExec, WhatCannotBeExecutedIs126)
{
    InitProcess init;
    TemporaryFolder folder;
    writeText(folder / "plain", "echo hello\n");
    writeText(folder / "noshebang", "echo hello\n");
    ::chmod((folder / "noshebang").c_str(), 0755);
    for (const std::string& program : {folder / "plain", folder / "noshebang", folder.path()}) {
        const auto outcome = init.run({.argv = {program}});
        ASSERT_TRUE(outcome.error) << program;
        EXPECT_EQ(outcome.error->code, ErrorCode::CommandNotExecutable) << program;
    }
    // By PATH: the same, and one that can be executed further on wins.
    const auto refused =
        init.run({.argv = {"plain"}, .env = {{"PATH", folder.path() + ":/usr/bin"}}});
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::CommandNotExecutable);
    writeText(folder / "true", "not a program");
    EXPECT_EQ(
        init.run({.argv = {"true"}, .env = {{"PATH", folder.path() + ":/usr/bin:/bin"}}}).exit.code,
        0);
}

TEST(InitExec, ProgramsAreFoundByTheRequestsPath)
{
    InitProcess init;
    TemporaryFolder folder;
    writeText(folder / "mine", "#!/bin/sh\necho found $0\n");
    ::chmod((folder / "mine").c_str(), 0755);
    EXPECT_EQ(init.run({.argv = {"mine"}}).error->code, ErrorCode::CommandNotFound);
    EXPECT_EQ(init.run({.argv = {"mine"}, .env = {{"PATH", folder.path()}}}).out,
              "found " + (folder / "mine") + "\n");
    // A relative one is relative to the command's working directory.
    EXPECT_EQ(init.run({.argv = {"./mine"}, .cwd = folder.path()}).out, "found ./mine\n");
}

TEST(InitExec, ImpossibleWordsAreRefused)
{
    InitProcess init;
    using std::string_literals::operator""s;
    const auto code = [&](api::ExecRequest request) {
        return init.run(std::move(request)).error->code;
    };
    EXPECT_EQ(code({}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"echo", "a\0b"s}}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"true"}, .env = {{"A=B", "c"}}}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"true"}, .env = {{"A", "b\0c"s}}}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"true"}, .cwd = "relative"}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"true"}, .timeoutMs = -1}), ErrorCode::BadRequest);
    EXPECT_EQ(code({.argv = {"true"}, .tty = true, .cols = 0}), ErrorCode::BadRequest);
}

/// "HOME" or "USER" as passwd(5) has it for whoever runs the tests; inside a sandbox that is root.
const passwd& self()
{
    return *::getpwuid(::geteuid());
}

TEST(InitExec, EnvironmentIsInitsOwnTheUsersAndTheRequests)
{
    InitProcess init({.env = {{"PATH", "/usr/bin:/bin"},
                              {"HOME", "/elsewhere"},
                              {"FROM_SANDBOX", "yes"},
                              {"OVERRIDDEN", "no"},
                              {"CAISSON", "1"}}});
    const auto outcome = init.run(
        {.argv = {"env"}, .env = {{"OVERRIDDEN", "yes"}, {"EMPTY", ""}, {"LINES", "a\nb"}}});
    EXPECT_EQ(outcome.out,
              std::format("CAISSON=1\nEMPTY=\nFROM_SANDBOX=yes\nHOME={}\nLANG=C.UTF-8\n"
                          "LINES=a\nb\nOVERRIDDEN=yes\nPATH=/usr/bin:/bin\nUSER={}\n",
                          self().pw_dir, self().pw_name));
}

TEST(InitExec, DefaultsWhereInitHasNoEnvironment)
{
    InitProcess init({.env = {}});
    EXPECT_EQ(init.run({.argv = {"env"}}).out,
              std::format("CAISSON=1\nHOME={}\nLANG=C.UTF-8\n"
                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                          "USER={}\n",
                          self().pw_dir, self().pw_name));
}

class InitExecAsRoot : public testing::Test
{
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "becoming another user needs root";
    }
};

TEST_F(InitExecAsRoot, UserByName)
{
    InitProcess init;
    const auto outcome =
        init.run({.argv = {"sh", "-c", "id -u; id -g; id -G; echo $USER $HOME"}, .user = "nobody"});
    EXPECT_EQ(outcome.out, "65534\n65534\n65534\nnobody /nonexistent\n");
}

TEST_F(InitExecAsRoot, UserByNumber)
{
    InitProcess init;
    EXPECT_EQ(
        init.run({.argv = {"sh", "-c", "id -u; id -G; echo $USER $HOME"}, .user = "4242:777"}).out,
        "4242\n777\n4242 /\n");
    EXPECT_EQ(init.run({.argv = {"sh", "-c", "id -u; id -G; echo $USER"}, .user = "65534"}).out,
              "65534\n65534\nnobody\n");
    // Nothing of root's is left: neither the saved ids nor capabilities.
    EXPECT_EQ(init.run({.argv = {"grep", "-E", "^(Uid|Gid|CapPrm|CapEff):", "/proc/self/status"},
                        .user = "4242:777"})
                  .out,
              "Uid:\t4242\t4242\t4242\t4242\nGid:\t777\t777\t777\t777\n"
              "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST_F(InitExecAsRoot, UnknownUser)
{
    InitProcess init;
    EXPECT_EQ(init.run({.argv = {"true"}, .user = "no-such-user"}).error->code,
              ErrorCode::NotFound);
    EXPECT_EQ(init.run({.argv = {"true"}, .user = "1000:x"}).error->code, ErrorCode::BadRequest);
}

TEST_F(InitExecAsRoot, AUserIsNotDeniedForWantOfDescriptors)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "a sanitized init needs descriptors itself: memory is probed through a pipe";
#endif
    InitProcess init;
    const rlimit few{3, 1024}; // root inside can do that to pid 1
    ASSERT_EQ(::prlimit(init.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    const auto outcome = init.run({.argv = {"true"}, .user = "nobody"});
    ASSERT_TRUE(outcome.error);
    EXPECT_TRUE(outcome.error->message.contains("Too many open files")) << outcome.error->message;
}

TEST_F(InitExecAsRoot, AFolderTheUserMayNotEnter)
{
    InitProcess init;
    TemporaryFolder folder;
    EXPECT_EQ(init.run({.argv = {"true"}, .user = "nobody", .cwd = folder.path()}).error->code,
              ErrorCode::PermissionDenied);
}

TEST_F(InitExecAsRoot, RunsUnprivileged)
{
    InitProcess init({.uid = 65534});
    EXPECT_EQ(init.run({.argv = {"sh", "-c", "id -u; echo $USER; exit 3"}}).exit.code, 3);
    EXPECT_EQ(init.run({.argv = {"true"}, .user = "root"}).error->code,
              ErrorCode::PermissionDenied);
}

TEST(InitExec, AMissingFolderIsSaidNeverReplaced)
{
    InitProcess init;
    const auto outcome = init.run({.argv = {"pwd"}, .cwd = "/no/such/folder"});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::NotFound);
    EXPECT_TRUE(outcome.error->message.contains("/no/such/folder")) << outcome.error->message;
    EXPECT_EQ(init.run({.argv = {"pwd"}, .cwd = "/etc/passwd"}).error->code,
              ErrorCode::NotADirectory);
    EXPECT_EQ(init.run({.argv = {"pwd"}, .cwd = "/usr/bin"}).out, "/usr/bin\n");
}

TEST(InitExec, TheDefaultFolderIsTheWorkspace)
{
    if (::access("/workspace", F_OK) == 0)
        GTEST_SKIP() << "this machine has a /workspace";
    InitProcess init;
    const auto reply =
        init.call("spawn", api::toJson(api::SpawnRequest{{.argv = {"pwd"}}}), init.newChannel());
    ASSERT_TRUE(reply.error);
    EXPECT_TRUE(reply.error->message.contains("/workspace")) << reply.error->message;
}

TEST(InitExec, ACommandStartsClean)
{
    InitProcess init;
    EXPECT_EQ(init.shell("umask").out, "0022\n");
    EXPECT_EQ(init.run({.argv = {"sed", "-n", "/^Sig[BIC]/p", "/proc/self/status"}}).out,
              "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
    // ls itself opens the folder it lists: the fourth.
    EXPECT_EQ(init.run({.argv = {"ls", "/proc/self/fd"}}).out, "0\n1\n2\n3\n");
    // A session and a process group of its own.
    EXPECT_EQ(init.shell("set -- $(cat /proc/$$/stat); [ $5 = $$ ] && [ $6 = $$ ] && echo own").out,
              "own\n");
}

TEST(InitExec, TheLimitOfOpenFilesIsWhatInitWasGiven)
{
    InitProcess init({.wrapper = {"sh", "-c", "ulimit -Sn 333; exec \"$0\""}});
    EXPECT_EQ(init.shell("ulimit -Sn").out, "333\n");
}

TEST(InitExec, SignalsReachTheProcessGroup)
{
    InitProcess init;
    const std::uint32_t channel = init.start(
        {.argv = {"sh", "-c",
                  "trap 'echo got; exit 7' USR1; echo ready; while :; do sleep 0.01; done"}});
    ASSERT_TRUE(init.readUntil([&] { return init.channel(channel).data == "ready\n"; }));
    ASSERT_TRUE(init.ask<api::Empty>("signal", api::ChannelSignal{channel, SIGUSR1}));
    const auto outcome = init.finish(channel);
    EXPECT_EQ(outcome.out, "ready\ngot\n");
    EXPECT_EQ(outcome.exit.code, 7);
    EXPECT_EQ(init.ask<api::Empty>("signal", api::ChannelSignal{channel, SIGUSR1}).error().code,
              ErrorCode::NotFound);
}

TEST(InitExec, ImpossibleSignalsAreRefused)
{
    InitProcess init;
    const std::uint32_t channel = init.start({.argv = {"cat"}});
    for (const int number : {0, -9, 65, 100000}) {
        EXPECT_EQ(init.ask<api::Empty>("signal", api::ChannelSignal{channel, number}).error().code,
                  ErrorCode::BadRequest);
    }
    init.sendEnd(channel);
    EXPECT_EQ(init.finish(channel).exit.code, 0);
}

TEST_F(InitExecAsRoot, AtTheLimitOfProcessesItSaysSoAndLivesOn)
{
    // A user of its own, whose processes can be limited.
    InitProcess init({.wrapper = {"prlimit", "--nproc=12"}, .uid = 987654});
    std::vector<std::uint32_t> channels;
    std::optional<Error> error;
    const std::string self = "987654:987654"; // in no /etc/passwd, where its group would be 0
    while (!error && channels.size() < 20)
        channels.push_back(init.start({.argv = {"sleep", "100"}, .user = self}, nullptr, &error));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::Conflict);
    EXPECT_TRUE(error->message.contains("limit of processes")) << error->message;
    // Its files can still be looked at.
    EXPECT_TRUE(init.ask<api::FileEntry>("stat", api::PathRequest{.path = {"/"}}));
    ASSERT_TRUE(init.ask<api::Empty>("signal", api::ChannelSignal{channels.front(), SIGKILL}));
    EXPECT_EQ(init.finish(channels.front()).exit.signal, SIGKILL);
    EXPECT_TRUE(
        becomesTrue([&] { return init.run({.argv = {"true"}, .user = self}).exit.code == 0; }));
}

TEST(InitExec, FiftyAtOnce)
{
    InitProcess init;
    std::vector<std::uint32_t> channels;
    for (int i = 0; i < 50; ++i)
        channels.push_back(init.start({.argv = {"sh", "-c", "cat; exit " + std::to_string(i)}}));
    for (int i = 0; i < 50; ++i) {
        init.sendData(channels[static_cast<std::size_t>(i)], "hello " + std::to_string(i));
        init.sendEnd(channels[static_cast<std::size_t>(i)]);
    }
    for (int i = 0; i < 50; ++i) {
        const auto outcome = init.finish(channels[static_cast<std::size_t>(i)]);
        EXPECT_EQ(outcome.out, "hello " + std::to_string(i));
        EXPECT_EQ(outcome.exit.code, i);
    }
}

} // namespace

} // namespace caisson::init::test
