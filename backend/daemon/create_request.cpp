// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/create_request.h"

#include "backend/api/names.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

/// Less than this and init itself does not fit.
constexpr std::int64_t kLeastMemory = 16 * 1024 * 1024;
/// caisson-init has five threads, and each command two processes or threads beside its own.
constexpr std::int64_t kLeastPids = 10;
constexpr std::int64_t kMostPids = 4 * 1024 * 1024; // pid_max of a 64-bit kernel, proc(5)
constexpr double kLeastCpus = 0.01;

Result<void> notBuilt(const char* what)
{
    return fail(ErrorCode::NotBuilt,
                std::string(what) + " is not built yet in this version; leave it out");
}

/// Whether a folder of the host may be mounted there: below "/", spelt out, and not where the
/// sandbox has the kernel's own file systems.
Result<void> checkMountTarget(const std::string& target)
{
    std::string_view rest = target;
    bool isFirst = true;
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const std::string_view part = rest.substr(0, rest.find('/'));
        if (part.empty() || part == "." || part == "..")
            return fail(ErrorCode::BadRequest,
                        "cannot mount at \"" + target + "\": give a plain path below /");
        if (isFirst && (part == "proc" || part == "sys" || part == "dev" || part == ".caisson"))
            return fail(ErrorCode::BadRequest, "cannot mount at \"" + target + "\": /" +
                                                   std::string(part) + " is the sandbox's own");
        isFirst = false;
        rest.remove_prefix(part.size());
    }
    return {};
}

Result<void> checkMount(const api::Mount& mount)
{
    const auto isPlain = [](const std::string& path) {
        return path.starts_with('/') && path.find('\0') == std::string::npos;
    };
    if (!isPlain(mount.source) || !isPlain(mount.target))
        return fail(ErrorCode::BadRequest, "a mount needs two absolute paths, the host's folder "
                                           "and where it appears inside");
    if (Result<void> checked = checkMountTarget(mount.target); !checked)
        return checked;
    struct stat status;
    if (::stat(mount.source.c_str(), &status) != 0) {
        Error error = errnoError(errno, "cannot mount " + mount.source);
        if (errno == ENOENT)
            error.message += "; make the folder first, or correct its path";
        return std::unexpected(std::move(error));
    }
    const bool isFolder = S_ISDIR(status.st_mode);
    if (!isFolder && mount.target == "/workspace")
        return fail(ErrorCode::BadRequest,
                    "cannot mount " + mount.source +
                        " at /workspace: it is a file; mount a folder there, "
                        "or the file below it");
    if (::faccessat(AT_FDCWD, mount.source.c_str(), isFolder ? R_OK | X_OK : R_OK, AT_EACCESS) != 0)
        return fail(ErrorCode::PermissionDenied,
                    "cannot mount " + mount.source +
                        ": the user of Caisson may not read it; mount another, or change its "
                        "permissions");
    struct stat root;
    if (::stat("/", &root) == 0 && status.st_dev == root.st_dev && status.st_ino == root.st_ino)
        return fail(ErrorCode::BadRequest, "cannot mount /: all of this machine would be inside; "
                                           "mount the folder that is needed");
    return {};
}

} // namespace

Result<void> checkCreateRequest(const api::CreateSandbox& request)
{
    if (request.image != "host")
        return notBuilt("an image other than \"host\"");
    if (!request.from.empty())
        return notBuilt("making a sandbox from a snapshot");
    if (!request.policy.empty())
        return notBuilt("an egress policy");
    if (!request.sleepAfter.empty())
        return notBuilt("sleeping when idle");
    if (!request.disk.empty())
        return notBuilt("a limit on disk space");
    if (!request.runtime.empty() && request.runtime != "crun")
        return notBuilt("a runtime other than crun");
    const api::Limits& limits = request.limits;
    if (limits.memory != 0 && limits.memory < kLeastMemory)
        return fail(ErrorCode::BadRequest, "a memory limit must be at least 16 MiB");
    if (limits.pids != 0 && (limits.pids < kLeastPids || limits.pids > kMostPids))
        return fail(
            ErrorCode::BadRequest,
            "a limit on processes must be 10 to 4194304: those of Caisson inside count, too");
    if (limits.cpus != 0 && !(limits.cpus >= kLeastCpus && limits.cpus <= 10'000))
        return fail(ErrorCode::BadRequest, "a limit on CPUs must be 0.01 to 10000");
    for (const auto& [name, value] : request.env) {
        if (Result<void> checked = api::checkVariableName(name); !checked)
            return checked;
        if (value.find('\0') != std::string::npos)
            return fail(ErrorCode::BadRequest, "the variable \"" + name + "\" holds a NUL byte");
    }
    for (const api::Mount& mount : request.mounts) {
        if (Result<void> checked = checkMount(mount); !checked)
            return checked;
    }
    return {};
}

} // namespace caisson::daemon
