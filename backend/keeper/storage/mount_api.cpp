// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/mount_api.h"

#include <fcntl.h>
#include <sys/mount.h>

namespace caisson::keeper {

std::string descriptorPath(int fd)
{
    return "/proc/self/fd/" + std::to_string(fd);
}

Result<UniqueFd> cloneMount(int fd, const std::string& what, Submounts submounts)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
    if (submounts == Submounts::Take)
        flags |= AT_RECURSIVE;
    UniqueFd tree(::open_tree(fd, "", flags));
    if (!tree)
        return failErrno("cannot bind " + what);
    return tree;
}

Result<UniqueFd> cloneMount(const std::string& path, Submounts submounts)
{
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!fd)
        return failErrno("cannot open " + path);
    return cloneMount(fd.get(), path, submounts);
}

Result<void> setMountAttributes(int mountFd, std::uint64_t attributes, Submounts submounts)
{
    mount_attr change{};
    change.attr_set = attributes;
    const unsigned flags = AT_EMPTY_PATH | (submounts == Submounts::Take ? AT_RECURSIVE : 0);
    if (::mount_setattr(mountFd, "", flags, &change, sizeof change) != 0)
        return failErrno("cannot set a mount's attributes");
    return {};
}

Result<void> attachMount(int mountFd, int target)
{
    if (::move_mount(mountFd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
        0)
        return failErrno("cannot attach a mount");
    return {};
}

Result<UniqueFd> makeTmpfs()
{
    const UniqueFd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
    if (!context)
        return failErrno("cannot make a tmpfs");
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0755", 0) != 0 ||
        ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return failErrno("cannot make a tmpfs");
    UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    if (!mount)
        return failErrno("cannot make a tmpfs");
    return mount;
}

} // namespace caisson::keeper
