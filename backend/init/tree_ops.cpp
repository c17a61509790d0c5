// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/tree_ops.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"
#include "backend/init/file_entry.h"
#include "backend/init/folder_reader.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace caisson::init {

namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

/// The names in a folder, read before anything in it is changed.
Result<std::vector<std::string>> namesIn(int folder, const std::string& path)
{
    const auto buffer = std::make_unique<char[]>(kBufferSize);
    FolderReader reader(folder, buffer.get(), kBufferSize);
    FolderReader::Entry entry;
    std::vector<std::string> names;
    while (reader.next(entry))
        names.emplace_back(entry.name);
    if (reader.failure() != 0)
        return std::unexpected(fileError(reader.failure(), "list", path));
    return names;
}

/// A place in a tree: a name within an open folder, and the whole path for error sentences.
struct Place
{
    int folder;
    std::string name;
    std::string path;

    Place below(int openFolder, const std::string& child) const
    {
        return {openFolder, child, path + "/" + child};
    }
};

// ---- remove -------------------------------------------------------------------------------------

Result<void> removeAt(const Place& place)
{
    if (::unlinkat(place.folder, place.name.c_str(), 0) == 0)
        return {};
    if (errno != EISDIR && errno != EPERM)
        return failFile("remove", place.path);
    const int unlinkFailure = errno;
    const UniqueFd folder(::openat(place.folder, place.name.c_str(),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        const bool isFolder = errno != ENOTDIR && errno != ELOOP;
        return std::unexpected(fileError(isFolder ? errno : unlinkFailure, "remove", place.path));
    }
    Result<std::vector<std::string>> names = namesIn(folder.get(), place.path);
    if (!names)
        return std::unexpected(names.error());
    for (const std::string& name : *names) {
        Result<void> removed = removeAt(place.below(folder.get(), name));
        // Somebody else removed it meanwhile: what was asked for.
        if (!removed && removed.error().code != ErrorCode::NotFound)
            return removed;
    }
    if (::unlinkat(place.folder, place.name.c_str(), AT_REMOVEDIR) != 0)
        return failFile("remove", place.path);
    return {};
}

bool isMountPoint(const std::string& path)
{
    struct statx info;
    return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, 0, &info) == 0 &&
           (info.stx_attributes_mask & info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// ---- copy ---------------------------------------------------------------------------------------

Result<void> copyContent(int from, int to, const std::string& path)
{
    for (;;) {
        const ssize_t copied = ::copy_file_range(from, nullptr, to, nullptr, SSIZE_MAX, 0);
        if (copied == 0)
            break; // also for files of /proc, which say they are empty: read them below
        if (copied > 0 || errno == EINTR)
            continue;
        if (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)
            break;
        return failFile("copy", path);
    }
    const auto buffer = std::make_unique<char[]>(kBufferSize);
    for (;;) {
        const ssize_t got = ::read(from, buffer.get(), kBufferSize);
        if (got == 0)
            return {};
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failFile("copy", path);
        Result<void> written = writeAll(to, {buffer.get(), static_cast<std::size_t>(got)});
        if (!written)
            return written;
    }
}

/// Owner, mode and times, in this order: chown(2) takes set-user-ID bits away.
Result<void> copyAttributes(const struct stat& info, int to, const std::string& path)
{
    // An owner whose id this user namespace has not (EINVAL), or that init may not give away
    // (EPERM), cannot be kept; the copy then belongs to init, as with cp(1).
    if (::fchown(to, info.st_uid, info.st_gid) != 0 && errno != EPERM && errno != EINVAL)
        return failFile("copy", path);
    const timespec times[] = {info.st_atim, info.st_mtim};
    if (!keepMode(to, info.st_mode & 07777) || ::futimens(to, times) != 0)
        return failFile("copy", path);
    return {};
}

Result<void> copyAt(const Place& from, const Place& to);

Result<void> copyFile(const Place& from, const Place& to)
{
    const UniqueFd source(::openat(from.folder, from.name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info;
    if (!source || ::fstat(source.get(), &info) != 0)
        return failFile("copy", from.path);
    const UniqueFd target(::openat(to.folder, to.name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target)
        return failFile("create", to.path);
    Result<void> copied = copyContent(source.get(), target.get(), from.path);
    if (copied)
        copied = copyAttributes(info, target.get(), to.path);
    return copied;
}

Result<void> copyFolder(const Place& from, const Place& to)
{
    const UniqueFd source(
        ::openat(from.folder, from.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info;
    if (!source || ::fstat(source.get(), &info) != 0)
        return failFile("copy", from.path);
    if (::mkdirat(to.folder, to.name.c_str(), 0700) != 0)
        return failFile("create", to.path);
    const UniqueFd target(
        ::openat(to.folder, to.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target)
        return failFile("create", to.path);
    const Result<std::vector<std::string>> names = namesIn(source.get(), from.path);
    if (!names)
        return std::unexpected(names.error());
    for (const std::string& name : *names) {
        Result<void> copied = copyAt(from.below(source.get(), name), to.below(target.get(), name));
        if (!copied)
            return copied;
    }
    return copyAttributes(info, target.get(), to.path);
}

Result<void> copyLink(const Place& from, const Place& to)
{
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(from.folder, from.name.c_str(), target, sizeof target - 1);
    if (size < 0)
        return failFile("copy", from.path);
    target[size] = '\0';
    if (::symlinkat(target, to.folder, to.name.c_str()) != 0)
        return failFile("create", to.path);
    return {};
}

Result<void> copyAt(const Place& from, const Place& to)
{
    struct stat info;
    if (::fstatat(from.folder, from.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        return failFile("copy", from.path);
    switch (info.st_mode & S_IFMT) {
    case S_IFREG:
        return copyFile(from, to);
    case S_IFDIR:
        return copyFolder(from, to);
    case S_IFLNK:
        return copyLink(from, to);
    default:
        if (::mknodat(to.folder, to.name.c_str(), info.st_mode, info.st_rdev) != 0)
            return failFile("create", to.path);
        return {};
    }
}

/// Whether `path`'s folder is `tree` or below it, links resolved.
bool isBelow(const std::string& path, const std::string& tree)
{
    const auto resolve = [](const std::string& unresolved) {
        const std::unique_ptr<char, decltype(&::free)> real(::realpath(unresolved.c_str(), nullptr),
                                                            &::free);
        return std::string(real ? real.get() : "");
    };
    const std::string folder = resolve(folderOf(path));
    const std::string top = resolve(tree);
    return !top.empty() && (folder + "/").starts_with(top == "/" ? top : top + "/");
}

} // namespace

Result<void> copyTree(const std::string& from, const std::string& to)
{
    struct stat info;
    if (::lstat(from.c_str(), &info) != 0)
        return failFile("copy", from);
    if (S_ISDIR(info.st_mode) && isBelow(to, from))
        return fail(ErrorCode::BadRequest, "cannot copy " + from + " into itself");
    Result<void> copied = copyAt({AT_FDCWD, from, from}, {AT_FDCWD, to, to});
    if (!copied && copied.error().code != ErrorCode::Exists) {
        // The first failure is the one to tell; what remains of the copy, if it cannot be removed
        // either, is visible.
        static_cast<void>(removeAt({AT_FDCWD, to, to}));
    }
    return copied;
}

Result<void> removeTree(const std::string& path)
{
    if (isMountPoint(path))
        return fail(ErrorCode::Conflict, "cannot remove " + path + ": it is a mount point");
    return removeAt({AT_FDCWD, path, path});
}

bool keepMode(int fd, mode_t mode)
{
    constexpr mode_t kSpecial = S_ISUID | S_ISGID;
    if (::fchmod(fd, mode) == 0)
        return true;
    return errno == EPERM && (mode & kSpecial) != 0 && ::fchmod(fd, mode & ~kSpecial) == 0;
}

Result<void> makeFolders(const std::string& path)
{
    if (::mkdir(path.c_str(), 0755) == 0)
        return {};
    struct stat info;
    if (errno == EEXIST && ::stat(path.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return {};
        errno = ENOTDIR;
    }
    if (errno != ENOENT || path == "/")
        return failFile("create", path);
    if (Result<void> parent = makeFolders(folderOf(path)); !parent)
        return parent;
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return failFile("create", path);
    return {};
}

} // namespace caisson::init
