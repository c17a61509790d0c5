// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/folder_walk.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::desk {

namespace {

std::string joined(const std::string& folder, const std::string& name)
{
    return folder.empty() ? name : folder + "/" + name;
}

Result<std::vector<std::string>> namesIn(UniqueFd folder)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> reading(::fdopendir(folder.get()), ::closedir);
    if (!reading)
        return failErrno("cannot read it");
    (void)folder.release(); // closedir() closes it
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(reading.get());
        if (!entry)
            break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..")
            names.emplace_back(name);
    }
    if (errno != 0)
        return failErrno("cannot read it");
    std::ranges::sort(names);
    return names;
}

} // namespace

FolderWalk::FolderWalk(UniqueFd folder)
    : m_folder(std::move(folder))
{
}

Result<FolderWalk> FolderWalk::open(const std::string& folder)
{
    UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return failErrno("cannot open " + folder);
    return FolderWalk(std::move(fd));
}

Result<UniqueFd> FolderWalk::openBelow(const std::string& path, int flags) const
{
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const char* const relative = path.empty() ? "." : path.c_str();
    UniqueFd fd(
        static_cast<int>(::syscall(SYS_openat2, m_folder.get(), relative, &how, sizeof how)));
    if (!fd)
        return failErrno("cannot open it");
    return fd;
}

Result<UniqueFd> FolderWalk::openFile(const std::string& path) const
{
    // O_NONBLOCK: a file that became a FIFO since must not hold us.
    return openBelow(path, O_RDONLY | O_NONBLOCK);
}

Result<WalkedFolder> FolderWalk::files() const
{
    WalkedFolder walked;
    if (Result<void> done = collect({}, walked); !done)
        return std::unexpected(done.error());
    return walked;
}

/// Fails when the folder itself cannot be read; what is in it may be left out.
Result<void> FolderWalk::collect(const std::string& path, WalkedFolder& walked) const
{
    Result<UniqueFd> folder = openBelow(path, O_RDONLY | O_DIRECTORY);
    if (!folder)
        return std::unexpected(folder.error());
    const Result<std::vector<std::string>> names = namesIn(std::move(*folder));
    if (!names)
        return std::unexpected(names.error());
    for (const std::string& name : *names) {
        const std::string below = joined(path, name);
        Result<WalkedFile> file = look(below);
        if (!file) {
            // What is gone since the folder was read is nobody's loss.
            if (file.error().code != ErrorCode::NotFound)
                walked.leftOut.push_back({below, file.error()});
            continue;
        }
        const bool isFolder = file->kind == WalkedFile::Kind::Folder;
        walked.files.push_back(*std::move(file));
        if (!isFolder)
            continue;
        if (Result<void> done = collect(below, walked); !done)
            walked.leftOut.push_back({below, done.error()});
    }
    return {};
}

Result<WalkedFile> FolderWalk::look(const std::string& path) const
{
    const Result<UniqueFd> opened = openBelow(path, O_PATH);
    if (!opened)
        return std::unexpected(opened.error());
    struct stat info{};
    if (::fstat(opened->get(), &info) != 0)
        return failErrno("cannot look at it");
    WalkedFile file{.path = path, .mode = info.st_mode & 07777u};
    if (S_ISDIR(info.st_mode)) {
        file.kind = WalkedFile::Kind::Folder;
    } else if (S_ISLNK(info.st_mode)) {
        file.kind = WalkedFile::Kind::Symlink;
        char target[PATH_MAX];
        const ssize_t length = ::readlinkat(opened->get(), "", target, sizeof target);
        if (length < 0)
            return failErrno("cannot read the symlink");
        file.target.assign(target, static_cast<std::size_t>(length));
    } else if (!S_ISREG(info.st_mode)) {
        return fail(ErrorCode::BadRequest, "it is no file, folder or symlink");
    }
    return file;
}

} // namespace caisson::desk
