// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/process_tree.h"

#include <cstddef>
#include <cstdint>
#include <sys/resource.h>
#include <sys/types.h>

/// Each command runs under a supervisor of its own: a process that shares init's memory and never
/// executes anything. It is the child subreaper (prctl(2)) of all that the command starts, so that
/// "the whole tree" is simply everything below it, however often it daemonised.
///
/// It has a stack and a thread's libc state lent by a sleeping thread of init (thread_lender.h),
/// and touches no other memory but the plan; so it makes only async-signal-safe calls, as after a
/// fork of a program with threads. Everything in supervisor.cpp and process_tree.cpp keeps to that.
namespace caisson::init {

/// All that supervisor and command need; prepared by launcher.cpp, only read from then on.
struct CommandPlan
{
    char* const* argv = nullptr;
    char* const* env = nullptr;
    const char* const* programs = nullptr; ///< paths to try in this order; ends with null
    const char* cwd = nullptr;
    uid_t uid = 0;
    gid_t gid = 0;
    const gid_t* groups = nullptr;
    std::size_t groupCount = 0;
    bool sameUser = false; ///< uid and gid are init's own already
    int input = -1;        ///< the command's 0, 1 and 2; all above 2
    int output = -1;
    int error = -1;
    bool tty = false; ///< input is a terminal that shall control the command's session
    rlimit files{};   ///< RLIMIT_NOFILE the command gets
    std::int64_t timeoutMs = 0;
    int control = -1; ///< the supervisor's end of a SOCK_SEQPACKET pair to init
};

/// What did not work, on the way from clone to exec.
enum class LaunchStep : std::int32_t { Fork, Terminal, User, Folder, Program };

/// Supervisor → init, one a packet: first Started or Failed, after Started at last Exited.
struct SupervisorReport
{
    enum class Kind : std::int32_t { Started, Failed, Exited };
    Kind kind = Kind::Started;
    std::int32_t value = 0; ///< Started: the command's pid; Failed: errno; Exited: as of wait(2)
    LaunchStep step = LaunchStep::Fork; ///< Failed
    std::int32_t timedOut = 0;          ///< Exited
};

/// init → supervisor. When init's end is closed, the tree is killed.
struct SupervisorOrder
{
    enum class Kind : std::int32_t { Signal, HangUp };
    Kind kind = Kind::Signal;
    std::int32_t signal = 0;
};

/// From HUP to KILL when a client went away (contract.md).
inline constexpr std::int64_t kHangUpGraceMs = 2000;

/// Called in the new process. Starts the command and stays until nothing is left below it. The plan
/// is not needed any more once the first report has come.
[[noreturn]] void supervise(const CommandPlan& plan, ProcessTable& table);

} // namespace caisson::init
