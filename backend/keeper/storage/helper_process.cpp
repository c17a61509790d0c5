// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/helper_process.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <sched.h>
#include <sys/wait.h>
#include <utility>

namespace caisson::keeper {

namespace {

// A multiple of 16, as the ABIs want a stack's start to be; execvp(3) needs 8 KiB.
constexpr std::size_t kStackSize = 65536;

} // namespace

HelperProcess::HelperProcess(int flags, int (*body)(void*), void* argument)
    : m_stack(std::make_unique_for_overwrite<char[]>(kStackSize))
{
    m_pid = ::clone(body, m_stack.get() + kStackSize, CLONE_VM | SIGCHLD | flags, argument);
}

HelperProcess::~HelperProcess()
{
    if (m_pid > 0) {
        ::kill(m_pid, SIGKILL);
        reap(m_pid);
    }
}

int HelperProcess::wait()
{
    if (m_pid <= 0)
        return 127;
    return reap(std::exchange(m_pid, -1));
}

int reap(pid_t child)
{
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace caisson::keeper
