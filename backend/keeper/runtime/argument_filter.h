// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <linux/filter.h>
#include <vector>

namespace caisson::keeper {

/// Whether a file's mode may get the set-user-ID and set-group-ID bits (inode(7)).
enum class SpecialModes { Allow, Refuse };

/// A seccomp filter, in BPF, for what the OCI profile cannot say. libseccomp, with which runtimes
/// compile it, adds for each rule about a socket call one that lets 32-bit socketcall(2) through,
/// whose arguments lie in memory; and it cannot compare the lower half of an argument alone, which
/// is all that the kernel reads of a family or an ioctl's number.
///
/// - sockets are UNIX, INET, INET6 and route netlink; the other families (AF_PACKET, AF_VSOCK,
///   AF_ALG, …) fail with EAFNOSUPPORT, and audit netlink with EINVAL: useradd(8) takes only that
///   for "no audit here" and goes on.
/// - socketcall fails with ENOSYS.
/// - with SpecialModes::Refuse, chmod, creat, mknod, and open with O_CREAT, each in all its forms,
///   fail with EPERM when the mode has one of these bits, and openat2 with ENOSYS.
/// - TIOCSTI and TIOCLINUX, which type into a terminal, fail with EPERM.
///
/// All else is left to the filters after it.
std::vector<sock_filter> argumentFilter(SpecialModes modes);

/// Puts a filter on this process and its descendants, for good. Needs CAP_SYS_ADMIN in this user
/// namespace. Safe to call after fork(2). False: errno says why.
bool applyFilter(const std::vector<sock_filter>& filter);

} // namespace caisson::keeper
