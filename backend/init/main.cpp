// SPDX-License-Identifier: GPL-3.0-or-later
// caisson-init: pid 1 of a sandbox. It speaks backend/api/initwire.h on its standard input.
#include "backend/base/log.h"
#include "backend/base/process.h"
#include "backend/init/launcher.h"
#include "backend/init/session.h"

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <malloc.h>
#include <optional>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace caisson;

/// What holds from the first moment on, before anything inside can look at this process.
void settle()
{
    // The keeper's memory is in no core dump; what runs inside decides for itself.
    allowMemoryInCoreDumps();
    // Nobody inside may read its memory or its descriptors, nor attach to it.
    ::prctl(PR_SET_DUMPABLE, 0);
    // Pid 1 reaps what it is given anyway; under test, any pid does.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::close_range(3, ~0U, 0);
    ::umask(022);
    init::raiseFileLimit();
    // What was ignored outside would be so in every command.
    for (int number = 1; number <= SIGRTMAX; ++number)
        ::signal(number, SIG_DFL); // refuses KILL, STOP and glibc's own two
    // Nothing that is sent from inside has an effect; children start with everything unblocked.
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
        sigdelset(&all, fault);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    // One arena: a few kilobytes of heap, not 64 MiB of address space a thread.
    ::mallopt(M_ARENA_MAX, 1);
}

[[noreturn]] void serve()
{
    init::asio::io_context loop(1);
    init::Session session(loop, STDIN_FILENO);
    std::optional<Result<void>> ended;
    init::spawnDetached(loop.get_executor(),
                        [](auto& of, auto& result, auto& in) -> init::Task<void> {
                            result = co_await of.run();
                            in.stop();
                        }(session, ended, loop));
    int code = EXIT_SUCCESS;
    try {
        loop.run();
    } catch (const std::exception& exception) {
        ended = fail(ErrorCode::Internal, exception.what());
    }
    session.abandon();
    if (ended && !*ended) {
        logFailure("caisson-init ends: {}", ended->error().message);
        code = EXIT_FAILURE;
    }
    // At once: what runs inside ends with pid 1, and workers in the middle of a copy are not waited
    // for.
    ::_exit(code);
}

} // namespace

int main()
{
    settle();
    try {
        serve();
    } catch (const std::exception& exception) {
        logFailure("caisson-init ends: {}", exception.what());
        ::_exit(EXIT_FAILURE);
    }
}
