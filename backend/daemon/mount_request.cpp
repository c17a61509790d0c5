// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/mount_request.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

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

/// What the path leads to; the path itself where it leads to nothing (yet).
std::string realPath(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? real.get() : path;
}

/// Whether `path` is `folder` or lies below it. By what the folders on the way up are, not by their
/// names: a bind mount has another name for the same.
bool isWithin(std::string path, const struct stat& folder)
{
    for (;;) {
        struct stat status;
        if (::stat(path.c_str(), &status) == 0 && status.st_dev == folder.st_dev &&
            status.st_ino == folder.st_ino)
            return true;
        if (path == "/")
            return false;
        path.resize(std::max<std::size_t>(path.rfind('/'), 1));
    }
}

Result<void> checkNotOwn(const std::string& source, const api::Paths& own)
{
    for (const std::string& folder : {own.run, own.data, own.config}) {
        const std::string real = realPath(folder);
        struct stat ownStatus;
        struct stat sourceStatus;
        if (::stat(real.c_str(), &ownStatus) != 0)
            continue; // nothing of it is there
        if (::stat(source.c_str(), &sourceStatus) != 0)
            return failErrno("cannot mount " + source);
        if (isWithin(source, ownStatus))
            return fail(ErrorCode::BadRequest,
                        "cannot mount " + source + ": it is among Caisson's own files");
        if (isWithin(real, sourceStatus))
            return fail(ErrorCode::BadRequest, "cannot mount " + source +
                                                   ": Caisson's own files are in it, in " + real +
                                                   "; mount the folder in it that is needed");
    }
    return {};
}

} // namespace

Result<api::Mount> resolvedMount(const api::Mount& asked, const api::Paths& own)
{
    const auto isPlain = [](const std::string& path) {
        return path.starts_with('/') && path.find('\0') == std::string::npos;
    };
    if (!isPlain(asked.source) || !isPlain(asked.target))
        return fail(ErrorCode::BadRequest, "a mount needs two absolute paths, the host's folder "
                                           "and where it appears inside");
    if (Result<void> checked = checkMountTarget(asked.target); !checked)
        return std::unexpected(checked.error());
    struct stat status;
    if (::stat(asked.source.c_str(), &status) != 0) {
        Error error = errnoError(errno, "cannot mount " + asked.source);
        if (errno == ENOENT)
            error.message += "; make the folder first, or correct its path";
        return std::unexpected(std::move(error));
    }
    const bool isFolder = S_ISDIR(status.st_mode);
    if (!isFolder && asked.target == "/workspace")
        return fail(ErrorCode::BadRequest,
                    "cannot mount " + asked.source +
                        " at /workspace: it is a file; mount a folder there, "
                        "or the file below it");
    if (::faccessat(AT_FDCWD, asked.source.c_str(), isFolder ? R_OK | X_OK : R_OK, AT_EACCESS) != 0)
        return fail(ErrorCode::PermissionDenied,
                    "cannot mount " + asked.source +
                        ": the user of Caisson may not read it; mount another, or change its "
                        "permissions");
    api::Mount mount = asked;
    mount.source = realPath(asked.source);
    if (mount.source == "/")
        return fail(ErrorCode::BadRequest, "cannot mount /: all of this machine would be inside; "
                                           "mount the folder that is needed");
    if (Result<void> checked = checkNotOwn(mount.source, own); !checked)
        return std::unexpected(checked.error());
    return mount;
}

} // namespace caisson::daemon
