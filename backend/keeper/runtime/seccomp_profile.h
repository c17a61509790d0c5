// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace caisson::keeper {

/// The system calls a sandbox may make, as `linux.seccomp` of an OCI configuration: an allowlist,
/// everything else fails with ENOSYS, so that programs fall back as on an older kernel. The
/// kernel's attack surface is what it is about, next to what no namespace covers:
///
/// - keyrings (keyctl, add_key, request_key) belong to the host's user: a process inside could read
///   the host session's keys by their serial numbers. Not allowed, nor is io_uring, whose
///   operations no filter sees.
/// - no namespaces (EPERM; clone3, whose flags no filter sees, ENOSYS: glibc falls back to clone),
///   no mounts, no modules, no clocks (EPERM).
///
/// What depends on the arguments of socket and ioctl is in argument_filter.h.
nlohmann::json seccompProfile();

} // namespace caisson::keeper
