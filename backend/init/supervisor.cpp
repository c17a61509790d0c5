// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::init {

namespace {

// ---- between clone and exec ---------------------------------------------------------------------

struct LaunchFailure
{
    LaunchStep step;
    int number;
};

[[noreturn]] void failLaunch(int report, LaunchStep step)
{
    const LaunchFailure failure{step, errno};
    // If even this cannot be written, the supervisor sees the command end without having started.
    [[maybe_unused]] const ssize_t written = ::write(report, &failure, sizeof failure);
    ::_exit(127);
}

/// Only blocked: init has every signal at its default (main.cpp).
void unblockSignals()
{
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// By system call: glibc's wrappers want every thread of the process to follow. Others of that user
/// cannot trace this process, which shares init's memory until its exec: that is not dumpable.
void becomeUser(const CommandPlan& plan, int report)
{
    const bool groupsSet = ::syscall(SYS_setgroups, plan.groupCount, plan.groups) == 0;
    // In a user namespace with one id setgroups(2) is denied; the identity is the right one anyway.
    if (plan.sameUser)
        return;
    if (!groupsSet || ::syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) != 0 ||
        ::syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) != 0)
        failLaunch(report, LaunchStep::User);
}

[[noreturn]] void becomeCommand(const CommandPlan& plan, int report)
{
    ::setsid();
    if (plan.tty && ::ioctl(plan.input, TIOCSCTTY, 0) != 0)
        failLaunch(report, LaunchStep::Terminal);
    if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.error, 2) < 0)
        failLaunch(report, LaunchStep::Fork);
    // init opens everything close-on-exec; this holds whatever a library does, too.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    ::umask(022);
    ::setrlimit(RLIMIT_NOFILE, &plan.files);
    becomeUser(plan, report);
    // As the user: a folder the user may not enter is an error here, not a surprise later.
    if (::chdir(plan.cwd) != 0)
        failLaunch(report, LaunchStep::Folder);
    unblockSignals();
    // As execvp(3): the first that can be executed; that one may not be is told if none can.
    int refused = ENOENT;
    for (const char* const* program = plan.programs; *program != nullptr; ++program) {
        ::execve(*program, plan.argv, plan.env);
        if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
            continue;
        refused = errno;
        if (errno != EACCES)
            break;
    }
    errno = refused;
    failLaunch(report, LaunchStep::Program);
}

// ---- the supervisor -----------------------------------------------------------------------------

/// Waits for every child that has ended; false when there are no more children at all.
bool reapChildren(AwaitedChild& command)
{
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return pid == 0;
        command.note(pid, status);
    }
}

std::int64_t nowMs()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void report(int control, const SupervisorReport& what)
{
    // init is gone if this fails, and the next poll says so.
    ::send(control, &what, sizeof what, MSG_NOSIGNAL);
}

/// Starts the command and returns its pid, only when it runs.
pid_t startCommand(const CommandPlan& plan)
{
    int launch[2];
    if (::pipe2(launch, O_CLOEXEC) != 0) {
        report(plan.control, {SupervisorReport::Kind::Failed, errno, LaunchStep::Fork});
        ::_exit(1);
    }
    // vfork(2), since nothing is copied then: the child only makes system calls on a deeper stack,
    // and this process waits for its exec anyway.
    const pid_t command = ::vfork();
    if (command < 0) {
        report(plan.control, {SupervisorReport::Kind::Failed, errno, LaunchStep::Fork});
        ::_exit(1);
    }
    if (command == 0)
        becomeCommand(plan, launch[1]);
    ::close(launch[1]);
    LaunchFailure failure{};
    // Closed by a successful exec.
    if (::read(launch[0], &failure, sizeof failure) == sizeof failure) {
        ::waitpid(command, nullptr, 0);
        report(plan.control, {SupervisorReport::Kind::Failed, failure.number, failure.step});
        ::_exit(1);
    }
    ::close(launch[0]);
    report(plan.control, {SupervisorReport::Kind::Started, command});
    return command;
}

constexpr int kControl = 0;
constexpr int kChildSignals = 1;

/// Keeps the two descriptors it needs and closes the rest: a supervisor that outlives its command
/// must hold neither pipes nor the keeper's link.
bool keepOnlyControl(int control)
{
    ::dup2(control, kControl);
    ::close_range(kControl + 1, ~0U, 0);
    sigset_t childEnded;
    sigemptyset(&childEnded);
    sigaddset(&childEnded, SIGCHLD);
    return ::signalfd(-1, &childEnded, SFD_CLOEXEC | SFD_NONBLOCK) == kChildSignals;
}

struct Deadlines
{
    std::int64_t timeout = INT64_MAX; ///< the command's; none once it has ended
    std::int64_t hangUpKill = INT64_MAX;
};

void obeyOrders(Deadlines& deadlines, ProcessTable& table, AwaitedChild& command)
{
    SupervisorOrder order;
    for (;;) {
        const ssize_t size = ::recv(kControl, &order, sizeof order, MSG_DONTWAIT);
        if (size < 0)
            return; // nothing more for now
        if (size != sizeof order) {
            // init has ended. As pid 1 it takes everything with it; anywhere else this does.
            killTree(table, command);
            ::_exit(0);
        }
        if (order.kind == SupervisorOrder::Kind::HangUp) {
            signalTree(table, SIGHUP);
            deadlines.hangUpKill = std::min(deadlines.hangUpKill, nowMs() + kHangUpGraceMs);
        } else if (!command.hasEnded) {
            // Not waited for yet, so the number still is the command's.
            ::kill(-command.pid, order.signal);
        }
    }
}

} // namespace

void supervise(const CommandPlan& plan, ProcessTable& table)
{
    // A session of its own: nothing a terminal sends reaches it.
    ::setsid();
    ::prctl(PR_SET_NAME, "caisson-exec");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    Deadlines deadlines;
    if (plan.timeoutMs > 0)
        deadlines.timeout = nowMs() + plan.timeoutMs;
    const int control = plan.control; // the plan may be gone once the start is reported
    AwaitedChild command{.pid = startCommand(plan)};
    if (!keepOnlyControl(control)) {
        killTree(table, command);
        ::_exit(1);
    }

    bool reported = false;
    bool timedOut = false;
    for (;;) {
        const bool childrenLeft = reapChildren(command);
        if (command.hasEnded && !reported) {
            report(kControl,
                   {SupervisorReport::Kind::Exited, command.status, LaunchStep::Program, timedOut});
            reported = true;
            deadlines.timeout = INT64_MAX;
        }
        if (!childrenLeft)
            ::_exit(0);

        const std::int64_t deadline = std::min(deadlines.timeout, deadlines.hangUpKill);
        const std::int64_t now = nowMs();
        if (deadline <= now) {
            timedOut = deadline == deadlines.timeout;
            deadlines.hangUpKill = INT64_MAX;
            killTree(table, command);
            continue;
        }
        const int wait = deadline == INT64_MAX
                             ? -1
                             : static_cast<int>(std::min<std::int64_t>(deadline - now, INT32_MAX));
        pollfd waiting[] = {{kControl, POLLIN, 0}, {kChildSignals, POLLIN, 0}};
        ::poll(waiting, 2, wait);
        if (waiting[1].revents != 0) {
            signalfd_siginfo info;
            while (::read(kChildSignals, &info, sizeof info) > 0) {
            }
        }
        if (waiting[0].revents != 0)
            obeyOrders(deadlines, table, command);
    }
}

} // namespace caisson::init
