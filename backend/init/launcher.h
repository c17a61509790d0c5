// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/init/supervisor.h"

#include <map>
#include <memory>
#include <vector>

namespace caisson::init {

class ThreadLender;

/// init's ends of a command that is about to run.
struct Launched
{
    struct Supervision;
    std::shared_ptr<Supervision> supervision; ///< for Launcher::reported()
    UniqueFd control; ///< packets of SupervisorReport and SupervisorOrder; non-blocking
    // Non-blocking. With a tty, input and output are both the terminal's master, and error is
    // unset.
    UniqueFd input;
    UniqueFd output;
    UniqueFd error;
};

/// Starts commands, each with its supervisor. One thread, the loop's.
class Launcher
{
public:
    Launcher();
    ~Launcher();

    /// Checks the request and starts its supervisor. Whether the command itself could be executed
    /// comes as the supervisor's first report. Without argv, a tty gets the login shell of its
    /// user.
    Result<Launched> launch(const api::ExecRequest& request);

    /// To be told of each launched command, once its first report or the end of `control` has come.
    /// With either, the command's process has left init's memory: its copy of the supervisor's end
    /// is closed by its exec, when that has its new memory already, or by its own end.
    void reported(const Launched& launched);
    /// A child of init has been reaped. Whether it was a supervisor.
    bool reaped(pid_t pid);
    /// A child of init has been stopped. A supervisor goes on at once: it owes timeouts and exits.
    void stopped(pid_t pid) const;
    /// In the order of their pids.
    std::vector<pid_t> supervisors() const;

private:
    using Supervision = Launched::Supervision;
    void settle(Supervision& supervision);

    std::vector<std::unique_ptr<ThreadLender>> m_idle;
    std::map<pid_t, std::shared_ptr<Supervision>> m_running;
};

/// What a Failed report means, in words.
Error launchError(const api::ExecRequest& request, const SupervisorReport& report);

/// init raises its own limit of open files, since every command costs it four; commands get the
/// limit init was started with.
void raiseFileLimit();

} // namespace caisson::init
