// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/enter_namespaces.h"

#include "backend/keeper/runtime/user_namespace.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup";
constexpr const char* kUnified = "/sys/fs/cgroup/unified";

bool isHybrid()
{
    struct statfs unified{};
    return ::statfs(kUnified, &unified) == 0 && unified.f_type == CGROUP2_SUPER_MAGIC;
}

/// crun refuses hosts that have both versions of cgroups mounted, also when it is told to leave
/// cgroups alone ("cgroups in hybrid mode not supported"). In this mount namespace they are not.
Result<void> hideHybridCgroups(Privilege privilege)
{
    if (!isHybrid())
        return {};
    // A mount that was inherited into a new user namespace is locked; it can only be covered.
    const int failed = privilege == Privilege::Root
                           ? ::umount2(kUnified, MNT_DETACH)
                           : ::mount("tmpfs", kCgroups, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                                     "mode=0755,size=4k");
    if (failed != 0)
        return failErrno("cannot hide this host's hybrid cgroups from the runtime");
    return {};
}

} // namespace

Result<KeeperNamespaces> enterNamespaces()
{
    KeeperNamespaces entered;
    if (!isInitialUserNamespace() || ::geteuid() != 0) {
        entered.privilege = Privilege::UserNamespace;
        auto users = enterUserNamespace();
        if (!users)
            return std::unexpected(users.error());
        entered.ids = users->ids;
        if (!users->note.empty())
            entered.notes.push_back("ids: root is the only user inside: " + users->note);
    }
    if (::unshare(CLONE_NEWNS) != 0)
        return failErrno("cannot make a mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        return failErrno("cannot separate mounts from the host's");
    if (auto hidden = hideHybridCgroups(entered.privilege); !hidden)
        return std::unexpected(hidden.error());
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return failErrno("cannot become a subreaper");
    return entered;
}

} // namespace caisson::keeper
