// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/file_ops.h"

#include "backend/init/file_entry.h"
#include "backend/init/temporary_name.h"
#include "backend/init/tree_ops.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

namespace {

bool exists(const std::string& path)
{
    struct stat info;
    return ::lstat(path.c_str(), &info) == 0;
}

/// A name beside `path`, which is yet to be made or replaced.
std::string neighbourOf(const std::string& path)
{
    const std::string folder = folderOf(path);
    return (folder == "/" ? folder : folder + "/") +
           temporaryName(exists(path) ? TemporaryKind::Replaces : TemporaryKind::New);
}

struct MovePaths
{
    std::string from;
    std::string to;
};

Result<MovePaths> checkMove(const api::MoveRequest& request)
{
    for (const api::FileName* const name : {&request.from, &request.to}) {
        if (Result<void> checked = checkPath(name->bytes); !checked)
            return std::unexpected(checked.error());
    }
    return MovePaths{withoutTrailingSlashes(request.from.bytes),
                     withoutTrailingSlashes(request.to.bytes)};
}

struct Renamed
{
    int number = 0;       ///< errno; 0: done
    bool swapped = false; ///< what was at `to` is at `from` now
};

/// rename(2), but what is at `to` is replaced whatever it is, or not at all.
Renamed renameOver(const std::string& from, const std::string& to, bool overwrite)
{
    if (!overwrite) {
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
            return {};
        // EINVAL: inside itself, or a file system that has no RENAME_NOREPLACE; then look first.
        if (errno != EINVAL)
            return {errno};
        if (exists(to))
            return {EEXIST};
    }
    if (::rename(from.c_str(), to.c_str()) == 0)
        return {};
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EISDIR && errno != ENOTDIR)
        return {errno};
    // rename(2) puts no file where a folder is, nor a folder where a file or a full folder is.
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0)
        return {errno};
    return {0, true};
}

/// Copies beside `to` first, so that nobody meets half a copy under the name.
Result<void> copyInPlace(const std::string& from, const std::string& to, bool overwrite)
{
    const std::string neighbour = neighbourOf(to);
    Result<void> copied = copyTree(from, neighbour);
    if (!copied)
        return copied;
    Result<void> placed = putInPlace(neighbour, to, overwrite);
    if (!placed && exists(neighbour))
        static_cast<void>(removeTree(neighbour)); // the first failure is the one to tell
    return placed;
}

} // namespace

Result<api::FileEntry> statFile(const api::PathRequest& request)
{
    if (Result<void> checked = checkPath(request.path.bytes); !checked)
        return std::unexpected(checked.error());
    return readEntry(request.path.bytes, request.follow);
}

Result<api::FileEntry> makeFolder(const api::PathRequest& request)
{
    if (Result<void> checked = checkPath(request.path.bytes); !checked)
        return std::unexpected(checked.error());
    const std::string path = withoutTrailingSlashes(request.path.bytes);
    if (request.parents) {
        if (Result<void> made = makeFolders(path); !made)
            return std::unexpected(made.error());
    } else if (::mkdir(path.c_str(), 0755) != 0) {
        return failFile("create", path);
    }
    return readEntry(path, true);
}

Result<void> removeFile(const api::PathRequest& request)
{
    if (Result<void> checked = checkPath(request.path.bytes); !checked)
        return checked;
    const std::string path = withoutTrailingSlashes(request.path.bytes);
    if (path == "/")
        return fail(ErrorCode::BadRequest, "the root folder cannot be removed");
    struct stat info;
    if (::lstat(path.c_str(), &info) != 0)
        return failFile("remove", path);
    if (!request.ifMatch.empty() && request.ifMatch != "*" && request.ifMatch != etagOf(info))
        return fail(ErrorCode::PreconditionFailed, path + " was changed by somebody else");
    if (request.recursive)
        return removeTree(path);
    if (::unlinkat(AT_FDCWD, path.c_str(), S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0) != 0)
        return failFile("remove", path);
    return {};
}

Result<void> putInPlace(const std::string& temporary, const std::string& path, bool overwrite)
{
    const Renamed renamed = renameOver(temporary, path, overwrite);
    if (renamed.number != 0)
        return std::unexpected(fileError(renamed.number, "put in place", path));
    return renamed.swapped ? removeTree(temporary) : Result<void>{};
}

Result<api::FileEntry> moveFile(const api::MoveRequest& request)
{
    const Result<MovePaths> paths = checkMove(request);
    if (!paths)
        return std::unexpected(paths.error());
    const Renamed renamed = renameOver(paths->from, paths->to, request.overwrite);
    Result<void> moved;
    if (renamed.number == 0 && renamed.swapped) {
        moved = removeTree(paths->from);
    } else if (renamed.number == EXDEV) {
        // Another file system, or a folder of a lower layer of an overlay, which cannot be
        // renamed: copy, put in place, remove.
        moved = copyInPlace(paths->from, paths->to, request.overwrite);
        if (moved)
            moved = removeTree(paths->from);
    } else if (renamed.number == EINVAL) {
        return fail(ErrorCode::BadRequest,
                    "cannot move " + paths->from + " to " + paths->to + ", which is inside it");
    } else if (renamed.number != 0) {
        return std::unexpected(fileError(renamed.number, "move " + paths->from + " to", paths->to));
    }
    if (!moved)
        return std::unexpected(moved.error());
    return readEntry(paths->to, false);
}

Result<api::FileEntry> copyFile(const api::MoveRequest& request)
{
    const Result<MovePaths> paths = checkMove(request);
    if (!paths)
        return std::unexpected(paths.error());
    if (!request.overwrite && exists(paths->to))
        return std::unexpected(fileError(EEXIST, "create", paths->to));
    if (Result<void> copied = copyInPlace(paths->from, paths->to, request.overwrite); !copied)
        return std::unexpected(copied.error());
    return readEntry(paths->to, false);
}

} // namespace caisson::init
