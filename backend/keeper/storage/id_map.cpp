// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/id_map.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace caisson::keeper {

namespace {

Result<void> writeMap(const std::string& path, const std::string& line)
{
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    // The kernel takes a map in one write(2) or not at all (user_namespaces(7)).
    if (!fd || ::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return failErrno("cannot write " + path);
    return {};
}

/// A process that does nothing but be in a user namespace of its own, until it is destroyed or this
/// process dies.
class NamespaceHolder
{
public:
    NamespaceHolder()
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            return;
        const UniqueFd readEnd(ends[0]);
        m_alive.reset(ends[1]);
        m_pid = static_cast<pid_t>(
            ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
        if (m_pid == 0) {
            // A copy of this process that must run none of its code: it waits for the end of file.
            ::close(ends[1]);
            char byte;
            while (::read(ends[0], &byte, 1) < 0 && errno == EINTR) {
            }
            ::_exit(0);
        }
    }
    NamespaceHolder(const NamespaceHolder&) = delete;
    NamespaceHolder& operator=(const NamespaceHolder&) = delete;
    ~NamespaceHolder()
    {
        m_alive.reset();
        if (m_pid > 0) {
            while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
    }

    pid_t pid() const { return m_pid; }

private:
    pid_t m_pid = -1;
    UniqueFd m_alive;
};

} // namespace

Result<IdMap> IdMap::create(IdRange range)
{
    const NamespaceHolder holder;
    if (holder.pid() < 0)
        return failErrno("cannot make a user namespace");
    const std::string process = std::format("/proc/{}", holder.pid());
    const std::string line = std::format("0 {} {}\n", range.base, range.count);
    if (auto written = writeMap(process + "/uid_map", line); !written)
        return std::unexpected(written.error());
    if (auto written = writeMap(process + "/gid_map", line); !written)
        return std::unexpected(written.error());
    UniqueFd userNamespace(::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    if (!userNamespace)
        return failErrno("cannot open " + process + "/ns/user");
    return IdMap(std::move(userNamespace));
}

Result<void> IdMap::applyTo(int mountFd, Submounts submounts) const
{
    mount_attr change{};
    change.attr_set = MOUNT_ATTR_IDMAP;
    change.userns_fd = static_cast<__u64>(m_userNamespace.get());
    const unsigned flags = AT_EMPTY_PATH | (submounts == Submounts::Take ? AT_RECURSIVE : 0);
    if (::mount_setattr(mountFd, "", flags, &change, sizeof change) != 0)
        return failErrno("cannot id-map a mount");
    return {};
}

} // namespace caisson::keeper
