// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <sys/types.h>

namespace caisson::keeper {

/// A child that shares this process's memory (CLONE_VM), because a copy costs milliseconds: the
/// page tables, and a fault for each page that is written afterwards. (Seen under a hypervisor
/// without hardware support: 100 ms for 20 MB.)
///
/// `body` runs at the same time as this process, on a stack of its own of 64 KiB, with copies of
/// its descriptors. It may make system calls and no more: no allocation, no locks, nothing that is
/// expected to fail, as errno is shared. It ends by returning its exit code, or by exec.
class HelperProcess
{
public:
    /// `flags`: CLONE_NEW* or 0. A failure shows in pid().
    HelperProcess(int flags, int (*body)(void*), void* argument);
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;
    /// Kills and reaps it.
    ~HelperProcess();

    /// -1: it could not be made, errno said why.
    pid_t pid() const { return m_pid; }

    /// Waits for its end; its exit code, 127 when it had none.
    int wait();

private:
    std::unique_ptr<char[]> m_stack;
    pid_t m_pid = -1;
};

/// Waits for a child's end, whatever interrupts; its exit code, 128 and the signal that ended it,
/// or
/// -1 with errno.
int reap(pid_t child);

} // namespace caisson::keeper
