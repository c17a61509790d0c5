// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/file_entry.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <format>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

namespace {

api::FileType typeOf(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return api::FileType::Directory;
    case S_IFLNK:
        return api::FileType::Symlink;
    case S_IFIFO:
        return api::FileType::Fifo;
    case S_IFSOCK:
        return api::FileType::Socket;
    case S_IFCHR:
    case S_IFBLK:
        return api::FileType::Device;
    default:
        return api::FileType::File;
    }
}

void addTarget(api::FileEntry& entry, int folder, const std::string& name)
{
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(folder, name.c_str(), target, sizeof target);
    if (size >= 0)
        entry.linkTarget = api::FileName{std::string(target, static_cast<std::size_t>(size))};
    struct stat info;
    if (::fstatat(folder, name.c_str(), &info, 0) == 0)
        entry.targetType = typeOf(info.st_mode);
}

} // namespace

Result<void> checkPath(const std::string& path)
{
    if (path.empty() || path.front() != '/')
        return fail(ErrorCode::BadRequest, "a path is absolute, not \"" + path + "\"");
    if (path.contains('\0'))
        return fail(ErrorCode::BadRequest, "a path holds no NUL byte");
    return {};
}

std::string withoutTrailingSlashes(std::string path)
{
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    return path;
}

std::string baseName(const std::string& path)
{
    const std::string whole = withoutTrailingSlashes(path);
    return whole == "/" ? whole : whole.substr(whole.find_last_of('/') + 1);
}

std::string folderOf(const std::string& path)
{
    std::string whole = withoutTrailingSlashes(path);
    whole.resize(whole.find_last_of('/') + 1);
    return withoutTrailingSlashes(std::move(whole));
}

Error fileError(int number, std::string_view what, const std::string& path)
{
    Error error = errnoError(number, "cannot " + std::string(what) + " " + path);
    if (number == EBUSY || number == ETXTBSY)
        error.code = ErrorCode::Conflict;
    if (number == EROFS)
        error.detail["mount"] = "read-only"; // no change of permissions helps
    return error;
}

std::unexpected<Error> failFile(std::string_view what, const std::string& path)
{
    return std::unexpected(fileError(errno, what, path));
}

std::string etagOf(const struct stat& info)
{
    const auto nanoseconds = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
                             static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
    return std::format("\"{:x}-{:x}-{:x}\"", info.st_ino, nanoseconds,
                       static_cast<std::uint64_t>(info.st_size));
}

api::FileEntry entryOf(std::string name, const struct stat& info)
{
    api::FileEntry entry;
    entry.name.bytes = std::move(name);
    entry.type = typeOf(info.st_mode);
    entry.size = info.st_size;
    entry.mode = info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.mtimeMs = std::int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
    entry.etag = etagOf(info);
    return entry;
}

Result<api::FileEntry> readEntry(const std::string& path, bool follow)
{
    if (!follow)
        return readEntryAt(AT_FDCWD, path, path);
    struct stat info;
    if (::stat(path.c_str(), &info) != 0)
        return failFile("look at", path);
    return entryOf(baseName(path), info);
}

Result<api::FileEntry> readEntryAt(int folder, const std::string& name, const std::string& path)
{
    struct stat info;
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        return failFile("look at", path);
    api::FileEntry entry = entryOf(baseName("/" + name), info);
    if (entry.type == api::FileType::Symlink)
        addTarget(entry, folder, name);
    return entry;
}

} // namespace caisson::init
