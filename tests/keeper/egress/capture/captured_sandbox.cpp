// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/capture/captured_sandbox.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <format>
#include <fstream>
#include <grp.h>
#include <gtest/gtest.h>
#include <iostream>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace caisson::test {

namespace {

/// Any that owns nothing here: the kernel wants no entry in passwd(5).
constexpr uid_t kUser = 61234;
/// Ids of the sandbox outside, when root makes it.
constexpr int kRootsIds = 231072;
constexpr int kTimeout = 10000;

[[noreturn]] void die(const std::string& what)
{
    std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
    std::_Exit(99);
}

void writeText(const std::string& path, const std::string& text)
{
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), text.data(), text.size()) != ssize_t(text.size()))
        die("cannot write " + path);
}

void becomeUser()
{
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setresgid(kUser, kUser, kUser) != 0 ||
         ::setresuid(kUser, kUser, kUser) != 0))
        die("cannot become a user");
    // Or /proc/self belongs to root.
    ::prctl(PR_SET_DUMPABLE, 1);
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER) != 0)
        die("cannot make a user namespace");
    writeText("/proc/self/setgroups", "deny");
    writeText("/proc/self/uid_map", std::format("0 {} 1", user));
    writeText("/proc/self/gid_map", std::format("0 {} 1", group));
}

bool isMappedWhole()
{
    std::ifstream map("/proc/self/uid_map");
    long inside = -1, outside = -1, count = 0;
    map >> inside >> outside >> count;
    return inside == 0 && outside == 0 && count > 65536;
}

std::array<UniqueFd, 2> makePipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        die("cannot make a pipe");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

int waitFor(pid_t process)
{
    int status = 0;
    while (::waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

} // namespace

std::string whyNot(As as)
{
    if (as == As::Root)
        return ::geteuid() == 0 && isMappedWhole() ? "" : "the test is not started by root";
    const pid_t child = ::fork();
    if (child == 0) {
        becomeUser();
        std::_Exit(0);
    }
    return waitFor(child) == 0 ? "" : "this host lets an ordinary user make no user namespace";
}

void asKeeper(As as, const std::function<void()>& body)
{
    std::cout.flush();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (as == As::User)
            becomeUser();
        try {
            body();
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
        std::cout.flush();
        std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    const int status = waitFor(child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

Child::Child(const std::function<std::string()>& body, int flags)
{
    auto [readEnd, writeEnd] = makePipe();
    std::cout.flush();
    // fork(2) with namespaces.
    m_pid = static_cast<pid_t>(
        ::syscall(SYS_clone, static_cast<unsigned long>(flags) | SIGCHLD, 0, 0, 0, 0));
    if (m_pid < 0)
        die("cannot make a process");
    if (m_pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        readEnd.reset();
        std::string said;
        try {
            said = body();
        } catch (const std::exception& error) {
            said = std::string("thrown: ") + error.what();
        }
        if (::write(writeEnd.get(), said.data(), said.size()) != ssize_t(said.size()))
            die("cannot say the result");
        std::_Exit(0);
    }
    m_output = std::move(readEnd);
}

Child::Child(Child&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_output(std::move(other.m_output))
{
}

Child::~Child()
{
    if (m_pid <= 0)
        return;
    ::kill(m_pid, SIGKILL);
    waitFor(m_pid);
}

std::string Child::result()
{
    std::string said;
    std::array<char, 4096> room;
    while (true) {
        pollfd wait{.fd = m_output.get(), .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, kTimeout) <= 0)
            return said + "timed out";
        const ssize_t size = ::read(m_output.get(), room.data(), room.size());
        if (size <= 0)
            return said;
        said.append(room.data(), static_cast<std::size_t>(size));
    }
}

bool Child::isDone() const
{
    pollfd wait{.fd = m_output.get(), .events = 0, .revents = 0};
    return ::poll(&wait, 1, 0) == 1;
}

Sandbox::Sandbox(const std::function<void()>& body)
    : m_init([&] {
        auto [readEnd, writeEnd] = makePipe();
        const bool isRoot = isMappedWhole();
        Child init(
            [&, reading = readEnd.get(), writing = writeEnd.get()]() -> std::string {
                ::close(writing);
                char none;
                if (::read(reading, &none, 1) != 0 || ::setresgid(0, 0, 0) != 0 ||
                    ::setresuid(0, 0, 0) != 0)
                    die("cannot be root inside");
                if (body)
                    body();
                else
                    while (true)
                        ::pause();
                return "";
            },
            CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID);
        const std::string folder = std::format("/proc/{}/", init.pid());
        if (!isRoot)
            writeText(folder + "setgroups", "deny");
        const std::string map = isRoot ? std::format("0 {} 65536", kRootsIds) : "0 0 1";
        writeText(folder + "uid_map", map);
        writeText(folder + "gid_map", map);
        writeEnd.reset();
        return init;
    }())
{
}

Child Sandbox::start(const std::function<std::string()>& body) const
{
    const std::string folder = std::format("/proc/{}/ns/", init());
    return Child([&]() -> std::string {
        const UniqueFd users(::open((folder + "user").c_str(), O_RDONLY | O_CLOEXEC));
        const UniqueFd network(::open((folder + "net").c_str(), O_RDONLY | O_CLOEXEC));
        if (::setns(users.get(), CLONE_NEWUSER) != 0 || ::setns(network.get(), CLONE_NEWNET) != 0 ||
            ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)
            return std::string("cannot enter: ") + std::strerror(errno);
        return body();
    });
}

} // namespace caisson::test
