// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/atomic_file.h"

#include "backend/base/files.h"
#include "backend/init/file_entry.h"
#include "backend/init/temporary_name.h"
#include "backend/init/tree_ops.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

namespace {

constexpr mode_t kDefaultMode = 0644;

/// As many links as the kernel follows (path_resolution(7)).
constexpr int kMostLinks = 40;

/// `path` with the links of its last component followed. Parents are left to the kernel.
Result<std::string> followLinks(std::string path)
{
    for (int i = 0; i < kMostLinks; ++i) {
        char target[PATH_MAX];
        const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
        if (size < 0)
            return path; // not a link, or nothing there yet
        const std::string leadsTo(target, static_cast<std::size_t>(size));
        path = leadsTo.starts_with('/') ? leadsTo : folderOf(path) + "/" + leadsTo;
    }
    return std::unexpected(fileError(ELOOP, "write", path));
}

} // namespace

AtomicFile::AtomicFile(const api::WriteRequest& request, std::string path)
    : m_asked(request.path.bytes)
    , m_path(std::move(path))
    , m_folder(folderOf(m_path))
    , m_ifMatch(request.ifMatch)
    , m_mustBeNew(request.ifNoneMatchAny)
    , m_mode(static_cast<mode_t>(request.mode.value_or(kDefaultMode)) & 07777)
{
}

Result<std::unique_ptr<AtomicFile>> AtomicFile::open(const api::WriteRequest& request)
{
    if (Result<void> checked = checkPath(request.path.bytes); !checked)
        return std::unexpected(checked.error());
    if (request.path.bytes.ends_with('/')) {
        return fail(ErrorCode::IsADirectory,
                    "cannot write " + request.path.bytes + ": a file's path does not end in /");
    }
    Result<std::string> path = followLinks(request.path.bytes);
    if (!path)
        return std::unexpected(path.error());
    std::unique_ptr<AtomicFile> file(new AtomicFile(request, std::move(*path)));
    Result<void> done = file->look();
    if (done)
        done = file->checkPreconditions();
    if (done && request.parents)
        done = makeFolders(file->m_folder);
    if (done)
        done = file->openTemporary();
    if (!done)
        return std::unexpected(done.error());
    return file;
}

Result<void> AtomicFile::look()
{
    struct stat info;
    m_existing.reset();
    if (::lstat(m_path.c_str(), &info) != 0) {
        // A missing parent is found when the temporary is made, or is about to be made.
        return errno == ENOENT ? Result<void>{} : failFile("write", m_asked);
    }
    if (S_ISDIR(info.st_mode))
        return fail(ErrorCode::IsADirectory, "cannot write " + m_asked + ": it is a folder");
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorCode::BadRequest,
                    "cannot write " + m_asked + ": it is not an ordinary file");
    }
    m_existing = etagOf(info);
    m_mode = info.st_mode & 07777;
    m_uid = info.st_uid;
    m_gid = info.st_gid;
    return {};
}

Result<void> AtomicFile::checkPreconditions() const
{
    if (m_mustBeNew && m_existing)
        return fail(ErrorCode::PreconditionFailed, m_asked + " is there already");
    if (m_ifMatch.empty() || (m_existing && (m_ifMatch == "*" || m_ifMatch == *m_existing)))
        return {};
    return fail(ErrorCode::PreconditionFailed,
                m_existing ? m_asked + " was changed by somebody else" : m_asked + " is not there");
}

Result<void> AtomicFile::openTemporary()
{
    // Without a name, a file is gone when its last descriptor is, even if init is killed midway.
    m_file.reset(::open(m_folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (m_file)
        return {};
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return failFile("write", m_asked);
    const std::string name = newName();
    m_file.reset(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!m_file)
        return failFile("write", m_asked);
    const std::lock_guard lock(m_naming);
    m_temporary = name;
    return {};
}

Result<void> AtomicFile::write(std::string_view bytes)
{
    Result<void> written = writeAll(m_file.get(), bytes);
    if (!written)
        written.error().message += " " + m_asked;
    return written;
}

Result<api::FileEntry> AtomicFile::commit()
{
    Result<void> done = look();
    if (done)
        done = checkPreconditions();
    if (!done)
        return std::unexpected(done.error());
    // The owner before the mode: chown(2) takes set-user-ID bits away.
    const bool owned = !m_uid || !m_gid || ::fchown(m_file.get(), *m_uid, *m_gid) == 0;
    if (!owned)
        return failFile("keep the owner of", m_asked);
    const bool moded =
        m_existing ? keepMode(m_file.get(), m_mode) : ::fchmod(m_file.get(), m_mode) == 0;
    if (!moded || ::fsync(m_file.get()) != 0)
        return failFile("write", m_asked);
    {
        // An fsync takes long, and the file may have been replaced meanwhile: look once more, and
        // let nobody come between the look and the rename. Of several writers who name one etag,
        // one wins.
        static std::mutex placing;
        const std::lock_guard lock(placing);
        done = look();
        if (done)
            done = checkPreconditions();
        if (done)
            done = place();
    }
    if (!done)
        return std::unexpected(done.error());
    const UniqueFd folder(::open(m_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0)
        return failFile("write", m_asked);
    struct stat info;
    if (::fstat(m_file.get(), &info) != 0)
        return failFile("write", m_asked);
    return entryOf(baseName(m_asked), info);
}

std::string AtomicFile::newName() const
{
    return m_folder + "/" +
           temporaryName(m_existing ? TemporaryKind::Replaces : TemporaryKind::New);
}

Result<void> AtomicFile::place()
{
    const std::lock_guard lock(m_naming);
    if (m_temporary.empty()) {
        const std::string nameless = "/proc/self/fd/" + std::to_string(m_file.get());
        const std::string name = newName();
        if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
            return failFile("write", m_asked);
        m_temporary = name;
    }
    int renamed = -1;
    if (m_mustBeNew) {
        renamed =
            ::renameat2(AT_FDCWD, m_temporary.c_str(), AT_FDCWD, m_path.c_str(), RENAME_NOREPLACE);
        if (renamed != 0 && errno == EEXIST)
            return fail(ErrorCode::PreconditionFailed, m_asked + " is there already");
    }
    // Also where the file system has no RENAME_NOREPLACE (EINVAL): commit() has just looked.
    if (renamed != 0 && (!m_mustBeNew || errno == EINVAL))
        renamed = ::rename(m_temporary.c_str(), m_path.c_str());
    if (renamed != 0)
        return failFile("write", m_asked);
    m_temporary.clear();
    return {};
}

void AtomicFile::abandon()
{
    const std::lock_guard lock(m_naming);
    if (!m_temporary.empty())
        ::unlink(m_temporary.c_str());
}

} // namespace caisson::init
