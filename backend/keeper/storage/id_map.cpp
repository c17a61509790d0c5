// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/id_map.h"

#include "backend/keeper/storage/helper_process.h"

#include <csignal>
#include <fcntl.h>
#include <format>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

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

/// The body of a process that does nothing but be in a namespace.
int holdNamespace(void* parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before that.
    while (::getppid() == *static_cast<pid_t*>(parent))
        ::pause();
    return 0;
}

} // namespace

Result<IdMap> IdMap::create(IdRange range)
{
    pid_t self = ::getpid();
    const HelperProcess holder(CLONE_NEWUSER, &holdNamespace, &self);
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
