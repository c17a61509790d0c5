// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/keeper_process.h"

#include "backend/api/codec.h"
#include "backend/api/packet_socket.h"
#include "backend/base/files.h"
#include "backend/base/process.h"
#include "backend/base/unique_fd.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <memory>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace caisson::daemon {

namespace {

enum class Parent {
    None, ///< init adopts it: nothing here waits for it
    Us
};

struct Descriptors
{
    int input = -1;
    int output = -1; ///< standard output and error
    int socket = -1; ///< 3, if any
};

struct Places
{
    Descriptors descriptors;
    int report = -1; ///< for the errno of a failed exec
    char** argv = nullptr;
};

[[noreturn]] void becomeProgram(const Places& places)
{
    ::setsid();
    // First out of the way of the numbers they are to have, then into place.
    const auto set = [](int from) { return ::fcntl(from, F_DUPFD_CLOEXEC, 10); };
    const int input = set(places.descriptors.input);
    const int output = set(places.descriptors.output);
    const bool hasSocket = places.descriptors.socket >= 0;
    const int socket = hasSocket ? set(places.descriptors.socket) : -1;
    const int errors = set(places.report);
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    if (hasSocket)
        ::dup2(socket, 3);
    // Asio's sockets are not close-on-exec. A keeper that held our listening socket would keep
    // clients waiting for a caissond that is dead.
    ::close_range(hasSocket ? 4 : 3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(places.argv[0], places.argv);
    const int number = errno;
    [[maybe_unused]] const ssize_t written = ::write(errors, &number, sizeof number);
    ::_exit(127);
}

// Neither copies page tables, as fork(2) would: a fifth of what the start of a sandbox would cost
// here. As in vfork(2), a parent's thread stands still until its child has exec'd; unlike there
// each has a stack of its own. They only make system calls.

constexpr std::size_t kStackSize = 64 * 1024;

struct Stacks
{
    alignas(16) char child[kStackSize];
    alignas(16) char grandchild[kStackSize];
};

struct Launch
{
    Places places;
    pid_t program = 0; ///< what runs it; the memory is shared
    std::unique_ptr<Stacks> stacks = std::make_unique_for_overwrite<Stacks>();
};

pid_t cloneSharing(int (*run)(void*), char (&stack)[kStackSize], Launch& launch)
{
    return ::clone(run, stack + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
}

int runProgram(void* launch)
{
    becomeProgram(static_cast<Launch*>(launch)->places);
}

/// Its child is a grandchild of caissond, which init adopts at once.
int runGrandchild(void* argument)
{
    Launch& launch = *static_cast<Launch*>(argument);
    launch.program = cloneSharing(runProgram, launch.stacks->grandchild, launch);
    if (launch.program < 0) {
        const int number = errno;
        [[maybe_unused]] const ssize_t written =
            ::write(launch.places.report, &number, sizeof number);
    }
    ::_exit(0);
}

/// Runs `arguments`. An error of the exec comes back as its errno.
Result<pid_t> spawn(const std::vector<std::string>& arguments, Descriptors descriptors,
                    Parent parent)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failErrno("cannot make a pipe");
    UniqueFd result(ends[0]);
    UniqueFd report(ends[1]);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    Launch launch{{descriptors, report.get(), argv.data()}};
    const pid_t child = cloneSharing(parent == Parent::Us ? runProgram : runGrandchild,
                                     launch.stacks->child, launch);
    if (child < 0)
        return failErrno("cannot start " + arguments.front());
    report.reset();
    int number = 0;
    const bool failed = ::read(result.get(), &number, sizeof number) == sizeof number;
    if (failed || parent == Parent::None) {
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    if (failed)
        return failErrno(number, "cannot start " + arguments.front());
    return parent == Parent::Us ? child : launch.program;
}

/// Runs a keeper that does one thing and leaves.
api::Task<Result<void>> runTool(std::vector<std::string> arguments, std::string log)
{
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    UniqueFd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    // The folder of the log may have been deleted, and yet what ran must be ended.
    if (!output)
        output.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!null || !output)
        co_return failErrno("cannot open /dev/null");
    const Result<pid_t> pid = spawn(arguments, {null.get(), output.get(), -1}, Parent::Us);
    if (!pid)
        co_return std::unexpected(pid.error());
    api::asio::posix::stream_descriptor process(
        co_await api::asio::this_coro::executor,
        static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
    co_await process.async_wait(api::asio::posix::descriptor_base::wait_read,
                                api::asio::as_tuple(api::asio::use_awaitable));
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0)
        co_return fail(ErrorCode::Internal, "a sandbox was not cleared away wholly; see " + log);
    co_return Result<void>{};
}

Result<UniqueFd> openLog(const std::string& path)
{
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd)
        return failErrno("cannot open " + path);
    return fd;
}

/// A file in memory with `content`, to be read from its beginning. Not an argument: others must not
/// read it.
Result<UniqueFd> memoryFile(const char* name, std::string_view content)
{
    UniqueFd file(::memfd_create(name, MFD_CLOEXEC));
    if (!file)
        return failErrno("cannot make a file in memory");
    if (Result<void> written = writeAll(file.get(), content); !written)
        return std::unexpected(written.error());
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

} // namespace

Result<pid_t> spawnKeeper(const api::Paths& paths, const api::KeeperStart& start)
{
    const std::string& id = start.sandbox.id;
    Result<UniqueFd> listening = api::listenForPackets(paths.keeperSocket(id));
    if (!listening)
        return std::unexpected(listening.error());
    Result<UniqueFd> log = openLog(paths.sandbox(id) + "/keeper.log");
    if (!log)
        return std::unexpected(log.error());
    const Result<UniqueFd> input = memoryFile("keeper-start", api::toJson(start));
    if (!input)
        return std::unexpected(input.error());
    const Result<pid_t> started =
        spawn({siblingProgram("caisson-keeper"), "--home", paths.home, "--sandbox", id},
              {input->get(), log->get(), listening->get()}, Parent::None);
    if (!started)
        return std::unexpected(started.error());
    return *started;
}

Result<void> spawnAnswer(const api::Paths& paths, const std::string& sandbox, UniqueFd connection,
                         const std::vector<std::string>& secrets, std::string_view alreadyRead)
{
    const Result<UniqueFd> log = openLog(paths.sandbox(sandbox) + "/keeper.log");
    if (!log)
        return std::unexpected(log.error());
    const std::string names = api::toJson(api::SecretValues{.values = {}, .names = secrets});
    const Result<UniqueFd> input = memoryFile("request", std::format("{}\n{}", names, alreadyRead));
    if (!input)
        return std::unexpected(input.error());
    return spawn({siblingProgram("caisson-keeper"), "--home", paths.home, "--sandbox", sandbox,
                  "--answer"},
                 {input->get(), log->get(), connection.get()}, Parent::None)
        .transform([](pid_t) {});
}

Result<void> killKeeper(const std::string& sandbox, std::int64_t pid)
{
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process)
        return errno == ESRCH ? Result<void>{} : failErrno("cannot reach the sandbox's keeper");
    // Looked at once the process is held: the number may have been given to another.
    const Result<std::string> arguments = readFile(std::format("/proc/{}/cmdline", pid));
    if (!arguments || !arguments->contains(std::string("--sandbox") + '\0' + sandbox + '\0'))
        return {};
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH)
        return failErrno("cannot kill the sandbox's keeper");
    return {};
}

api::Task<Result<void>> clearUpAfterKeeper(const api::Paths& paths, std::string sandbox)
{
    return runTool({siblingProgram("caisson-keeper"), "--home", paths.home, "--sandbox", sandbox,
                    "--clear-up"},
                   paths.sandbox(sandbox) + "/keeper.log");
}

api::Task<Result<void>> deleteFolder(const api::Paths& paths, std::string sandbox,
                                     std::string folder)
{
    return runTool({siblingProgram("caisson-keeper"), "--home", paths.home, "--sandbox", sandbox,
                    "--remove-folder", folder},
                   paths.data + "/caissond.log");
}

} // namespace caisson::daemon
