// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/copy.h"

#include "backend/base/files.h"
#include "backend/base/id.h"
#include "backend/base/unique_fd.h"
#include "backend/ctl/report.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::ctl {

namespace {

/// Without the set-id bits: what they meant inside is not what they would mean here.
constexpr std::int64_t kModeBits = 0777;

/// A name inside is whatever the sandbox says. It must not lead out of the folder it is put in.
Result<void> checkName(const std::string& name)
{
    if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos ||
        name.find('\0') != name.npos)
        return fail(ErrorCode::Protocol,
                    "the sandbox named a file \"" + name + "\", which cannot be a file's name");
    return {};
}

/// A name beside `name` that is not taken.
std::string temporaryName()
{
    return ".caisson-" + randomId() + ".part";
}

/// A file that takes its name when it is whole. Until then nothing is seen under that name, and
/// what a symlink of that name leads to is never written.
class NewFile
{
public:
    static Result<NewFile> create(int folder, std::string name)
    {
        NewFile file(folder, std::move(name));
        // Without a name, nothing is left of it when this program is killed midway.
        file.m_fd.reset(::openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
        if (file.m_fd)
            return file;
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
            return failErrno("cannot create " + file.m_name);
        file.m_fd.reset(::openat(folder, file.m_temporary.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file.m_fd)
            return failErrno("cannot create " + file.m_name);
        file.m_isNamed = true;
        return file;
    }
    NewFile(NewFile&&) noexcept = default;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile()
    {
        if (m_fd && m_isNamed)
            ::unlinkat(m_folder, m_temporary.c_str(), 0);
    }

    int fd() const { return m_fd.get(); }

    Result<void> finish(mode_t mode)
    {
        if (::fchmod(m_fd.get(), mode) != 0)
            return failErrno("cannot set the mode of " + m_name);
        // A link replaces nothing, so it takes the name in two steps.
        if (!m_isNamed &&
            ::linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(m_fd.get())).c_str(), m_folder,
                     m_temporary.c_str(), AT_SYMLINK_FOLLOW) != 0)
            return failErrno("cannot create " + m_name);
        m_isNamed = true;
        if (::renameat(m_folder, m_temporary.c_str(), m_folder, m_name.c_str()) != 0)
            return failErrno("cannot replace " + m_name);
        m_fd.reset();
        return {};
    }

private:
    NewFile(int folder, std::string name)
        : m_folder(folder)
        , m_name(std::move(name))
        , m_temporary(temporaryName())
    {
    }
    int m_folder;
    std::string m_name;
    std::string m_temporary;
    bool m_isNamed = false; ///< by m_temporary
    UniqueFd m_fd;
};

/// Copies one tree out of a sandbox. Every step below the first folder is one name in an open
/// folder of this machine, never a path: the sandbox may have made a symlink of any of its names.
class Download
{
public:
    Download(Session& session, std::string sandbox)
        : m_session(session)
        , m_sandbox(std::move(sandbox))
    {
    }

    api::Task<Result<void>> bytes(std::string from, int fd);
    api::Task<Result<void>> file(std::string from, int folder, std::string name, mode_t mode);
    api::Task<Result<void>> contents(std::string from, int folder);
    api::Task<Result<void>> folder(std::string from, int parent, std::string name, mode_t mode);
    int exitCode() const { return m_exitCode; }

private:
    api::Task<Result<void>> entry(std::string from, int folder, const api::FileEntry& entry);

    Session& m_session;
    std::string m_sandbox;
    int m_exitCode = kExitDone;
};

api::Task<Result<void>> Download::bytes(std::string from, int fd)
{
    Result<client::FileDownload> download = co_await m_session.client.openFile(m_sandbox, from);
    if (!download)
        co_return std::unexpected(download.error());
    std::vector<char> room(kCopyChunk);
    for (;;) {
        const Result<std::size_t> got = co_await download->read(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            co_return Result<void>{};
        if (Result<void> done = writeAll(fd, {room.data(), *got}); !done)
            co_return fail(done.error().code, done.error().message + " the copy of " + from);
    }
}

api::Task<Result<void>> Download::file(std::string from, int folder, std::string name, mode_t mode)
{
    Result<NewFile> target = NewFile::create(folder, std::move(name));
    if (!target)
        co_return std::unexpected(target.error());
    if (Result<void> done = co_await bytes(std::move(from), target->fd()); !done)
        co_return done;
    co_return target->finish(mode);
}

Result<void> makeSymlink(int folder, const std::string& name, const std::string& target)
{
    const std::string temporary = temporaryName();
    if (::symlinkat(target.c_str(), folder, temporary.c_str()) != 0)
        return failErrno("cannot create the symlink " + name);
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) {
        const int number = errno;
        ::unlinkat(folder, temporary.c_str(), 0);
        return failErrno(number, "cannot replace " + name);
    }
    return {};
}

api::Task<Result<void>> Download::entry(std::string from, int folderFd, const api::FileEntry& entry)
{
    const std::string& name = entry.name.bytes;
    if (Result<void> fine = checkName(name); !fine)
        co_return fine;
    const auto mode = static_cast<mode_t>(entry.mode & kModeBits);
    switch (entry.type) {
    case api::FileType::Directory:
        co_return co_await folder(std::move(from), folderFd, name, mode);
    case api::FileType::File:
        co_return co_await file(std::move(from), folderFd, name, mode);
    case api::FileType::Symlink:
        if (entry.linkTarget)
            co_return makeSymlink(folderFd, name, entry.linkTarget->bytes);
        [[fallthrough]];
    default:
        co_return fail(ErrorCode::BadRequest,
                       from + " is passed over: it is no file, folder or symlink");
    }
}

api::Task<Result<void>> Download::contents(std::string from, int folderFd)
{
    const Result<api::FileList> list = co_await m_session.client.listFolder(m_sandbox, from);
    if (!list)
        co_return std::unexpected(list.error());
    for (const api::FileEntry& child : list->entries) {
        Result<void> done = co_await entry(joinPath(from, child.name.bytes), folderFd, child);
        if (done)
            continue;
        if (endsCopying(done.error()))
            co_return done;
        complain(done.error().message);
        m_exitCode = kExitFailed;
    }
    co_return Result<void>{};
}

api::Task<Result<void>> Download::folder(std::string from, int parent, std::string name,
                                         mode_t mode)
{
    if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
        co_return failErrno("cannot create the folder " + name);
    const UniqueFd opened(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened)
        co_return failErrno("cannot put a folder at " + name);
    if (Result<void> done = co_await contents(std::move(from), opened.get()); !done)
        co_return done;
    // Last: a folder that may not be written to must be filled first.
    if (::fchmod(opened.get(), mode) != 0)
        co_return failErrno("cannot set the mode of " + name);
    co_return Result<void>{};
}

/// The place on this machine that the caller named: a folder that is open, and a name in it.
struct Place
{
    UniqueFd folder;
    std::string name;     ///< empty: the folder itself
    bool special = false; ///< a device or pipe, to be written to and not replaced
};

Result<Place> placeFor(const std::string& from, const std::string& to)
{
    struct stat status = {};
    const bool exists = ::stat(to.c_str(), &status) == 0;
    const bool isFolder = exists && S_ISDIR(status.st_mode);
    Place place;
    std::string folder = to;
    if (isFolder) {
        if (!meansContents(from))
            place.name = lastName(from);
    } else {
        std::string path = to;
        // The caller's own symlink to a file is written through, as cp does.
        if (exists) {
            const std::unique_ptr<char, void (*)(void*)> real(::realpath(to.c_str(), nullptr),
                                                              ::free);
            if (!real)
                return failErrno("cannot find " + to);
            path = real.get();
        }
        while (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
        const std::size_t slash = path.rfind('/');
        place.name = slash == path.npos ? path : path.substr(slash + 1);
        folder = slash == path.npos ? "." : path.substr(0, slash + 1);
        place.special = exists && !S_ISREG(status.st_mode);
    }
    place.folder.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!place.folder)
        return failErrno("cannot open the folder " + folder);
    return place;
}

api::Task<Result<void>> copyTo(Download& download, const SandboxPath& from, const std::string& to,
                               const api::FileEntry& source)
{
    const bool isFolder = source.targetType.value_or(source.type) == api::FileType::Directory;
    if (to == kStandardStream) {
        if (isFolder)
            co_return fail(ErrorCode::IsADirectory,
                           from.path + " is a folder; only a file can go to standard output");
        co_return co_await download.bytes(from.path, STDOUT_FILENO);
    }
    Result<Place> place = placeFor(from.path, to);
    if (!place)
        co_return std::unexpected(place.error());
    // A symlink says nothing of its target's mode; the usual one then.
    const mode_t bits = isFolder ? 0755 : 0644;
    const mode_t mode =
        source.type == api::FileType::Symlink ? bits : static_cast<mode_t>(source.mode & kModeBits);
    if (isFolder && place->name.empty())
        co_return co_await download.contents(from.path, place->folder.get());
    if (isFolder)
        co_return co_await download.folder(from.path, place->folder.get(), place->name, mode);
    if (place->special) {
        const UniqueFd fd(::openat(place->folder.get(), place->name.c_str(), O_WRONLY | O_CLOEXEC));
        if (!fd)
            co_return failErrno("cannot open " + to);
        co_return co_await download.bytes(from.path, fd.get());
    }
    co_return co_await download.file(from.path, place->folder.get(), place->name, mode);
}

} // namespace

api::Task<Result<int>> copyOut(Session& session, SandboxPath from, std::string to)
{
    const Result<api::FileEntry> source = co_await session.client.statFile(from.sandbox, from.path);
    if (!source && isMissingFile(source.error()))
        co_return fail(ErrorCode::NotFound, "there is no " + from.path + " in " + from.sandbox +
                                                "; see what is there with: caissonctl ls-files " +
                                                from.sandbox + " /");
    if (!source)
        co_return std::unexpected(source.error());
    Download download(session, from.sandbox);
    if (Result<void> done = co_await copyTo(download, from, to, *source); !done)
        co_return std::unexpected(done.error());
    co_return download.exitCode();
}

} // namespace caisson::ctl
