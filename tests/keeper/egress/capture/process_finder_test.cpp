// SPDX-License-Identifier: GPL-3.0-or-later
// Who dialled: real processes in real namespaces. They are shells, as bash can dial by itself.
#include "backend/keeper/egress/capture/proc_files.h"
#include "backend/keeper/egress/capture/process_finder.h"

#include "tests/keeper/egress/capture/captured_sandbox.h"
#include "tests/keeper/egress/capture/inside_actions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <format>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace caisson::test {
namespace {

using namespace keeper;
using namespace std::string_literals;
using testing::EndsWith;
using testing::StartsWith;

void execShell(const std::string& script)
{
    ::execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
    std::_Exit(127);
}

/// A sandbox whose init, once the network is captured, forks a process that runs `body`.
class Scene
{
public:
    explicit Scene(std::function<void()> body)
        : m_go(makePipe())
        , m_sandbox([this, body = std::move(body)] {
            char go;
            if (::read(m_go[0].get(), &go, 1) != 1)
                std::_Exit(1);
            if (::fork() == 0) {
                body();
                std::_Exit(0);
            }
            while (true)
                if (::wait(nullptr) < 0)
                    ::pause();
        })
    {
        Result<CaptureSockets> sockets = captureNetwork(m_sandbox.init());
        if (!sockets) {
            ADD_FAILURE() << sockets.error().message;
            return;
        }
        m_sockets = std::move(*sockets);
        m_finder.emplace(m_sandbox.init(), std::move(m_sockets.socketDiagnosis));
        if (::write(m_go[1].get(), "x", 1) != 1)
            ADD_FAILURE() << "cannot let init go";
    }

    ProcessFinder& finder() { return *m_finder; }
    pid_t init() const { return m_sandbox.init(); }

    /// The next connection; a failure if there is none within 10 s.
    CapturedConnection next()
    {
        pollfd wait{.fd = m_sockets.tcp4.get(), .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, 10000) == 1)
            if (auto connection = acceptCaptured(m_sockets.tcp4.get()))
                return std::move(*connection);
        ADD_FAILURE() << "nobody dialled";
        return {};
    }

    std::shared_ptr<const FoundProcess> findNext()
    {
        m_latest = next();
        return finder().find(m_latest);
    }

    /// A line to the latest connection's client, which lets a shell go on.
    void answer() { EXPECT_EQ(::send(m_latest.socket.get(), "on\n", 3, MSG_NOSIGNAL), 3); }
    /// What the latest connection's client says.
    std::string heard()
    {
        pollfd wait{.fd = m_latest.socket.get(), .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, 10000) != 1)
            return "nothing";
        return receive(m_latest.socket.get());
    }

private:
    static std::array<UniqueFd, 2> makePipe()
    {
        int ends[2];
        if (::pipe(ends) != 0)
            std::abort();
        return {UniqueFd(ends[0]), UniqueFd(ends[1])};
    }

    std::array<UniqueFd, 2> m_go;
    Sandbox m_sandbox;
    CaptureSockets m_sockets;
    CapturedConnection m_latest;
    std::optional<ProcessFinder> m_finder;
};

class Finder : public testing::TestWithParam<As>
{
protected:
    void SetUp() override
    {
        if (const std::string why = whyNot(GetParam()); !why.empty())
            GTEST_SKIP() << why;
    }
    static void keeper(const std::function<void()>& body) { asKeeper(GetParam(), body); }
};

INSTANTIATE_TEST_SUITE_P(, Finder, testing::Values(As::Root, As::User), [](const auto& instance) {
    return instance.param == As::Root ? "AsRoot" : "AsUser";
});

UniqueFd dialled(std::string_view address = "203.0.113.5")
{
    UniqueFd socket;
    if (connectTo(socket, Endpoint(address, 443)) != "ok")
        std::_Exit(1);
    return socket;
}

TEST_P(Finder, KnowsTheProcessAndItsParents)
{
    keeper([] {
        Scene scene([] {
            execShell(
                "bash -c 'exec 3<>/dev/tcp/203.0.113.5/443; echo $$ $PPID >&3; read x <&3'; :");
        });
        const auto found = scene.findNext();
        EXPECT_EQ(std::format("{} {}\n", found->info.pid,
                              found->info.parents.empty() ? 0 : found->info.parents[0].pid),
                  scene.heard());
        EXPECT_THAT(found->info.exe, EndsWith("/bin/bash"));
        EXPECT_EQ(found->info.cmdline,
                  "bash -c 'exec 3<>/dev/tcp/203.0.113.5/443; echo $$ $PPID >&3; read x <&3'");
        ASSERT_EQ(found->info.parents.size(), 1u); // init is left out
        EXPECT_THAT(found->info.parents[0].exe, EndsWith("/bin/bash"));
        EXPECT_THAT(found->info.parents[0].cmdline, StartsWith("bash -c 'bash -c '\\''exec"));

        pollfd ended{.fd = found->process.get(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&ended, 1, 0), 0);
        EXPECT_EQ(::kill(found->hostPid, SIGKILL), 0);
        EXPECT_EQ(::poll(&ended, 1, 5000), 1);
    });
}

TEST_P(Finder, IsQuickWithWhomItKnows)
{
    keeper([] {
        Scene scene([] {
            for (int i = 0; i < 200; ++i) {
                const UniqueFd socket = dialled();
                if (receive(socket.get()) != "on\n")
                    std::_Exit(1);
            }
            ::pause();
        });
        const auto first = scene.findNext();
        EXPECT_NE(first->hostPid, 0);
        scene.answer();
        std::vector<double> took;
        for (int i = 1; i < 200; ++i) {
            const CapturedConnection connection = scene.next();
            const auto start = std::chrono::steady_clock::now();
            const auto again = scene.finder().find(connection);
            took.push_back(
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
                    .count());
            EXPECT_EQ(again, first);
            EXPECT_EQ(::send(connection.socket.get(), "on\n", 3, MSG_NOSIGNAL), 3);
        }
        std::ranges::sort(took);
        std::cout << std::format("again: median {:.0f} us\n", took[took.size() / 2]);
    });
}

/// Processes that share their memory, since so many copies of it take seconds.
void startIdlers(int count)
{
    constexpr std::size_t kStack = 16384;
    for (int i = 0; i < count; ++i) {
        char* stack = new char[kStack];
        const auto idle = [](void*) -> int {
            while (true)
                ::pause();
        };
        if (::clone(idle, stack + kStack, CLONE_VM | SIGCHLD, nullptr) < 0)
            std::_Exit(1);
    }
}

TEST_P(Finder, FindsOneAmongFiveHundred)
{
    keeper([] {
        Scene scene([] {
            int turn[2];
            if (::pipe(turn) != 0)
                std::_Exit(1);
            startIdlers(498);
            if (::fork() == 0) {
                const UniqueFd socket = dialled();
                if (::dprintf(socket.get(), "%d\n", ::getpid()) < 0 ||
                    receive(socket.get()) != "on\n" || ::write(turn[1], "x", 1) != 1)
                    std::_Exit(1);
                ::pause();
            }
            char mine;
            if (::read(turn[0], &mine, 1) != 1)
                std::_Exit(1);
            const UniqueFd socket = dialled();
            if (::dprintf(socket.get(), "%d\n", ::getpid()) < 0)
                std::_Exit(1);
            ::pause();
        });
        for (const std::string_view which : {"newest", "oldest"}) {
            const CapturedConnection connection = scene.next();
            const auto start = std::chrono::steady_clock::now();
            const auto found = scene.finder().find(connection);
            const std::chrono::duration<double, std::milli> took =
                std::chrono::steady_clock::now() - start;
            std::cout << std::format("{} of 500: {:.2f} ms, pid {}\n", which, took.count(),
                                     found->info.pid);
            // The walk has a limit, which the oldest one may be beyond on a slow machine.
            EXPECT_TRUE(found->hostPid != 0 || which == "oldest");
            pollfd said{.fd = connection.socket.get(), .events = POLLIN, .revents = 0};
            EXPECT_EQ(::poll(&said, 1, 10000), 1);
            if (found->hostPid != 0) {
                EXPECT_EQ(std::format("{}\n", found->info.pid), receive(connection.socket.get()));
            }
            EXPECT_EQ(::send(connection.socket.get(), "on\n", 3, MSG_NOSIGNAL), 3);
        }
    });
}

/// Opens so many descriptors; the highest.
int holdDescriptors(int count)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    int last = ::open("/dev/null", O_RDONLY);
    for (int i = 1; i < count; ++i)
        last = ::dup(last);
    if (last < 0)
        std::_Exit(1);
    return last;
}

constexpr int kMany = 19'000;

TEST_P(Finder, AProcessWithManyDescriptorsIsFoundAtEitherEnd)
{
    keeper([] {
        Scene scene([] {
            const int last = holdDescriptors(kMany);
            for (const int free : {-1, 100, 40, last - 90}) {
                ::close(free);
                UniqueFd socket = dialled();
                if (receive(socket.get()) != "on\n")
                    std::_Exit(1);
                if (free >= 0 && ::dup2(STDOUT_FILENO, socket.get()) == free)
                    std::ignore = socket.release(); // its place stays taken
            }
            ::pause();
        });
        for (int i = 0; i < 4; ++i) {
            const auto found = scene.findNext();
            EXPECT_NE(found->hostPid, 0) << i;
            scene.answer();
        }
    });
}

/// A pile of descriptors in one process hid whoever was older.
TEST_P(Finder, AProcessWithManyDescriptorsHidesNobody)
{
    keeper([] {
        Scene scene([] {
            int turn[2];
            if (::pipe(turn) != 0)
                std::_Exit(1);
            if (::fork() == 0) {
                holdDescriptors(kMany);
                if (::write(turn[1], "x", 1) != 1)
                    std::_Exit(1);
                ::pause();
            }
            char mine;
            if (::read(turn[0], &mine, 1) != 1)
                std::_Exit(1);
            const UniqueFd socket = dialled();
            if (::dprintf(socket.get(), "%d\n", ::getpid()) < 0)
                std::_Exit(1);
            ::pause();
        });
        const auto found = scene.findNext();
        EXPECT_EQ(std::format("{}\n", found->info.pid), scene.heard());
    });
}

/// Each request of such a process cost 150 ms, as it was looked through without a limit once known.
TEST_P(Finder, AKnownProcessWithManyDescriptorsCostsLittle)
{
    keeper([] {
        constexpr int kConnections = 40;
        Scene scene([] {
            dialled().reset();
            const UniqueFd first = dialled("203.0.113.6");
            const int last = holdDescriptors(kMany);
            // In the middle, and none beside another.
            for (int i = 0; i < kConnections; ++i) {
                ::close(last / 2 + 10 * i);
                std::ignore = dialled().release();
            }
            ::pause();
        });
        std::ignore = scene.next();
        EXPECT_NE(scene.findNext()->hostPid, 0);
        std::vector<CapturedConnection> connections;
        for (int i = 0; i < kConnections; ++i)
            connections.push_back(scene.next());
        const auto start = std::chrono::steady_clock::now();
        const auto before = processorTime();
        for (const CapturedConnection& connection : connections)
            std::ignore = scene.finder().find(connection);
        const auto took = processorTime() - before;
        // 40 ms at once, and a fifth of all time; each may be over by what it has begun.
        EXPECT_LT(took, std::chrono::milliseconds(40 + 2 * kConnections) +
                            (std::chrono::steady_clock::now() - start) / 5);
    });
}

TEST_P(Finder, SeesWhatAProcessHasBecome)
{
    keeper([] {
        Scene scene([] {
            execShell("exec 3<>/dev/tcp/203.0.113.5/443; read x <&3; "
                      "exec bash -c 'exec 4<>/dev/tcp/203.0.113.5/443; read x <&4' other");
        });
        const auto before = scene.findNext();
        EXPECT_THAT(before->info.cmdline, StartsWith("bash -c 'exec 3<>"));
        scene.answer();
        const auto after = scene.findNext();
        EXPECT_EQ(after->hostPid, before->hostPid);
        EXPECT_THAT(after->info.cmdline, EndsWith(" other"));
        EXPECT_NE(after, before);
    });
}

TEST_P(Finder, TakesTheNewestOfThoseThatShareASocket)
{
    keeper([] {
        Scene scene([] {
            const UniqueFd socket = dialled();
            const pid_t child = ::fork();
            if (::dprintf(socket.get(), "%c", child == 0 ? 'c' : 'p') < 0)
                std::_Exit(1);
            ::pause();
        });
        CapturedConnection connection = scene.next();
        // Both have it.
        for (int heard = 0; heard < 2;) {
            std::array<char, 2> room;
            const ssize_t size = ::recv(connection.socket.get(), room.data(), room.size(), 0);
            if (size > 0)
                heard += static_cast<int>(size);
        }
        const auto found = scene.finder().find(connection);
        EXPECT_EQ(found->info.parents.size(), 1u);
    });
}

TEST_P(Finder, SeesThreadsWithDescriptorsOfTheirOwn)
{
    keeper([] {
        Scene scene([] {
            std::thread([] {
                if (::unshare(CLONE_FILES) != 0)
                    std::_Exit(1);
                const UniqueFd socket = dialled();
                ::pause();
            }).join();
        });
        const auto found = scene.findNext();
        EXPECT_NE(found->hostPid, 0);
        EXPECT_NE(found->info.pid, 0);
    });
}

TEST_P(Finder, NobodyHasAClosedSocket)
{
    keeper([] {
        Scene scene([] { dialled().reset(); });
        const CapturedConnection connection = scene.next();
        char none;
        pollfd wait{.fd = connection.socket.get(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(::poll(&wait, 1, 5000), 1);
        ASSERT_EQ(::recv(connection.socket.get(), &none, 1, 0), 0);
        const auto found = scene.finder().find(connection);
        EXPECT_EQ(found->hostPid, 0);
        EXPECT_EQ(found->info, api::EgressProcess{});
    });
}

/// Both have sent a FIN and no more.
TEST_P(Finder, TellsWhoHasClosedFromWhoHasFinishedWriting)
{
    keeper([] {
        Scene scene([] {
            UniqueFd socket = dialled();
            char line[3];
            if (::shutdown(socket.get(), SHUT_WR) != 0 || ::read(socket.get(), line, 3) != 3)
                std::_Exit(1);
            socket.reset();
            const UniqueFd sign = dialled();
            ::pause();
        });
        const CapturedConnection connection = scene.next();
        char none;
        pollfd wait{.fd = connection.socket.get(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(::poll(&wait, 1, 5000), 1);
        ASSERT_EQ(::recv(connection.socket.get(), &none, 1, 0), 0);
        EXPECT_FALSE(scene.finder().isClosed(connection));
        ASSERT_EQ(::send(connection.socket.get(), "on\n", 3, MSG_NOSIGNAL), 3);
        const CapturedConnection sign = scene.next();
        EXPECT_TRUE(scene.finder().isClosed(connection));
        EXPECT_FALSE(scene.finder().isClosed(sign));
    });
}

/// A socket may be on its way to another process: nobody has it, however often one looks.
TEST_P(Finder, LooksForNobodyOnlyNowAndThen)
{
    keeper([] {
        Scene scene([] {
            int pair[2];
            if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
                std::_Exit(1);
            for (int i = 0; i < 20; ++i) {
                const UniqueFd socket = dialled();
                alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
                char byte = 'x';
                iovec part{&byte, 1};
                msghdr message{};
                message.msg_iov = &part;
                message.msg_iovlen = 1;
                message.msg_control = control;
                message.msg_controllen = sizeof control;
                cmsghdr* header = CMSG_FIRSTHDR(&message);
                header->cmsg_level = SOL_SOCKET;
                header->cmsg_type = SCM_RIGHTS;
                header->cmsg_len = CMSG_LEN(sizeof(int));
                const int fd = socket.get();
                std::copy_n(reinterpret_cast<const char*>(&fd), sizeof fd,
                            reinterpret_cast<char*>(CMSG_DATA(header)));
                if (::sendmsg(pair[0], &message, 0) < 0)
                    break;
            }
            const UniqueFd last = dialled("203.0.113.6");
            ::pause();
        });
        std::vector<CapturedConnection> connections;
        do
            connections.push_back(scene.next());
        while (connections.back().source.isV4() &&
               connections.back().destination.toString() == "203.0.113.5");
        int found = 0;
        for (const CapturedConnection& connection : connections)
            if (connection.destination.toString() == "203.0.113.5")
                found += scene.finder().find(connection)->hostPid != 0;
        EXPECT_EQ(found, 0);
        // Not for ever.
        bool isFound = false;
        for (int i = 0; i < 200 && !isFound; ++i) {
            isFound = scene.finder().find(connections.back())->hostPid != 0;
            if (!isFound)
                ::poll(nullptr, 0, 10);
        }
        EXPECT_TRUE(isFound);
    });
}

TEST_P(Finder, AProgramThatWasDeletedHasItsName)
{
    keeper([] {
        namespace fs = std::filesystem;
        const fs::path folder =
            fs::temp_directory_path() / std::format("caisson-finder-{}", ::getpid());
        fs::create_directory(folder);
        const std::string script = "exec 3<>/dev/tcp/203.0.113.5/443; read x <&3";
        for (const std::string name : {"gone", "here (deleted)"}) {
            const std::string program = folder / name;
            fs::copy_file("/bin/bash", program);
            {
                Scene scene([&] {
                    ::execl(program.c_str(), "bash", "-c", script.c_str(), nullptr);
                    std::_Exit(127);
                });
                CapturedConnection connection = scene.next();
                if (name == "gone")
                    fs::remove(program);
                EXPECT_EQ(scene.finder().find(connection)->info.exe, program);
            }
        }
        fs::remove_all(folder);
    });
}

TEST_P(Finder, CommandLinesAreCleaned)
{
    keeper([] {
        Scene scene([] {
            execShell("exec -a $'\\xffevil\\x1b[2J\\n\\xc2\\x9b' bash -c "
                      "'exec 3<>/dev/tcp/203.0.113.5/443; read x <&3'");
        });
        EXPECT_THAT(scene.findNext()->info.cmdline, StartsWith("'\xef\xbf\xbd"
                                                               "evil [2J  ' -c 'exec"));
    });
}

/// `python3 -c import socket;s=…` stood there, as if it were two commands.
TEST(ShellText, TellsOneArgumentFromTheNext)
{
    EXPECT_EQ(shellText(""), "");
    EXPECT_EQ(shellText("curl\0-sS\0https://a.example:8443/b"s),
              "curl -sS https://a.example:8443/b");
    EXPECT_EQ(shellText("python3\0-c\0import socket;s=1"s), "python3 -c 'import socket;s=1'");
    EXPECT_EQ(shellText("a\0\0b"s), "a '' b");
    EXPECT_EQ(shellText("it's\0*\0\xc3\xa9"s), "'it'\\''s' '*' \xc3\xa9");
}

TEST(CleanText, IsUtf8WithoutControlCharacters)
{
    EXPECT_EQ(cleanText("a\0b\tc\x7f"s, 100), "a b c ");
    EXPECT_EQ(cleanText("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 100),
              "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    const std::string bad = "\xef\xbf\xbd";
    EXPECT_EQ(cleanText("\xc0\xaf", 100), bad + bad);
    EXPECT_EQ(cleanText("\xed\xa0\x80", 100), bad + bad + bad);
    EXPECT_EQ(cleanText("\xf4\x90\x80\x80", 100), bad + bad + bad + bad);
    EXPECT_EQ(cleanText("a\xe2\x82", 100), "a" + bad + bad);
    EXPECT_EQ(cleanText("\xc2\x80", 100), " ");
    // Cut where a character ends.
    EXPECT_EQ(cleanText("ab\xe2\x82\xac", 4), "ab");
    EXPECT_EQ(cleanText("ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
}

} // namespace
} // namespace caisson::test
