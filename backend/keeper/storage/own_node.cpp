// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/own_node.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

/// errno, 0 for success.
int makeNode(int root, const OwnFile& own, UniqueFd& file)
{
    const char* path = own.path.c_str();
    if (S_ISDIR(own.mode))
        return ::mkdirat(root, path, 0700) == 0 || errno == EEXIST ? 0 : errno;
    if (S_ISLNK(own.mode))
        return ::symlinkat(own.content.c_str(), root, path) == 0 ? 0 : errno;
    file.reset(::openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    return file ? 0 : errno;
}

Result<void> writeNode(int root, const OwnFile& own)
{
    UniqueFd file;
    int failed = makeNode(root, own, file);
    if (failed == EEXIST && ::unlinkat(root, own.path.c_str(), 0) == 0)
        failed = makeNode(root, own, file);
    if (failed != 0)
        return failErrno(failed, "cannot make /" + own.path);
    return file ? writeAll(file.get(), own.content) : Result<void>();
}

} // namespace

Result<void> giveTo(int root, const std::string& path, IdRange ids, std::int64_t uid,
                    std::int64_t gid)
{
    const auto outside = [&](std::int64_t id) {
        return static_cast<uid_t>(ids.base + (id < ids.count ? id : 0));
    };
    if (::fchownat(root, path.c_str(), outside(uid), outside(gid),
                   AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0)
        return failErrno("cannot give /" + path + " to the sandbox");
    return {};
}

Result<void> writeOwnNode(int root, const OwnFile& own, IdRange ids)
{
    if (auto written = writeNode(root, own); !written)
        return written;
    if (auto given = giveTo(root, own.path, ids, own.uid, own.gid); !given)
        return given;
    // After the owner, since chown(2) clears set-id bits; links have no mode.
    if (!S_ISLNK(own.mode) && ::fchmodat(root, own.path.c_str(), own.mode & 07777, 0) != 0)
        return failErrno("cannot set the mode of /" + own.path);
    return {};
}

} // namespace caisson::keeper
