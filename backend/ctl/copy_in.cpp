// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/copy.h"

#include "backend/base/unique_fd.h"
#include "backend/ctl/exec_session.h"
#include "backend/ctl/report.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <format>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::ctl {

namespace {

constexpr mode_t kModeBits = 07777;

/// How many paths one chmod inside is given.
constexpr std::size_t kPathsAtOnce = 500;

/// The names in a folder, sorted.
Result<std::vector<std::string>> namesIn(const std::string& folder)
{
    DIR* open = ::opendir(folder.c_str());
    if (open == nullptr)
        return failErrno("cannot read " + folder);
    const std::unique_ptr<DIR, int (*)(DIR*)> closing(open, ::closedir);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(open);
        if (entry == nullptr)
            break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..")
            names.emplace_back(name);
    }
    if (errno != 0)
        return failErrno("cannot read " + folder);
    std::ranges::sort(names);
    return names;
}

Result<std::string> readLink(const std::string& path)
{
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0)
        return failErrno("cannot read the symlink " + path);
    target.resize(static_cast<std::size_t>(length));
    return target;
}

/// Copies one tree into a sandbox.
class Upload
{
public:
    Upload(Session& session, std::string sandbox)
        : m_session(session)
        , m_sandbox(std::move(sandbox))
    {
    }

    /// From an open file to its end.
    api::Task<Result<void>> file(int fd, std::string to, std::int64_t mode);
    api::Task<Result<void>> entry(std::string from, std::string to, int openFlags);
    /// What could not be done while folders were filled: their modes.
    api::Task<Result<void>> finish();
    int exitCode() const { return m_exitCode; }

private:
    api::Task<Result<void>> folder(std::string from, std::string to, mode_t mode);
    api::Task<Result<void>> ensureFolder(const std::string& to, mode_t mode);
    api::Task<Result<void>> symlink(std::string from, std::string to);

    Session& m_session;
    std::string m_sandbox;
    std::map<mode_t, std::vector<std::string>> m_modes; ///< folders that need another mode
    int m_exitCode = kExitDone;
};

api::Task<Result<void>> Upload::file(int fd, std::string to, std::int64_t mode)
{
    Result<client::FileUpload> upload = co_await m_session.client.putFile(m_sandbox, to, {}, mode);
    if (!upload)
        co_return std::unexpected(upload.error());
    std::vector<char> room(kCopyChunk);
    for (;;) {
        const ssize_t got = ::read(fd, room.data(), room.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            co_return failErrno("cannot read what goes to " + to);
        if (got == 0)
            break;
        // A refusal midway is said by finish(), with its reason.
        if (!co_await upload->write({room.data(), static_cast<std::size_t>(got)}))
            break;
    }
    const Result<api::FileEntry> done = co_await upload->finish();
    if (!done)
        co_return std::unexpected(done.error());
    co_return Result<void>{};
}

/// mkdir has no mode, since its parents have none either: the folder's is set in the end, when
/// nothing has to be put into it any more.
api::Task<Result<void>> Upload::ensureFolder(const std::string& to, mode_t mode)
{
    const Result<api::FileEntry> made =
        co_await m_session.client.fileAction(m_sandbox, to, {.action = "mkdir"});
    if (made) {
        if (static_cast<mode_t>(made->mode) != mode)
            m_modes[mode].push_back(to);
        co_return Result<void>{};
    }
    if (made.error().code != ErrorCode::Exists)
        co_return std::unexpected(made.error());
    const Result<api::FileEntry> present = co_await m_session.client.statFile(m_sandbox, to);
    if (!present)
        co_return std::unexpected(present.error());
    if (present->targetType.value_or(present->type) != api::FileType::Directory)
        co_return fail(ErrorCode::NotADirectory, to + " is there and is not a folder");
    co_return Result<void>{};
}

api::Task<Result<void>> Upload::folder(std::string from, std::string to, mode_t mode)
{
    const Result<std::vector<std::string>> names = namesIn(from);
    if (!names)
        co_return std::unexpected(names.error());
    if (Result<void> made = co_await ensureFolder(to, mode); !made)
        co_return made;
    for (const std::string& name : *names) {
        Result<void> done = co_await entry(joinPath(from, name), joinPath(to, name), O_NOFOLLOW);
        if (done)
            continue;
        if (endsCopying(done.error()))
            co_return done;
        complain(done.error().message);
        m_exitCode = kExitFailed;
    }
    co_return Result<void>{};
}

/// The API makes no symlinks, the sandbox's own ln does.
api::Task<Result<void>> Upload::symlink(std::string from, std::string to)
{
    const Result<std::string> target = readLink(from);
    if (!target)
        co_return std::unexpected(target.error());
    // A variable, since GCC 14 fails on a list of strings in the operand of co_await.
    std::vector<std::string> argv{"ln", "-sfn", "--", *target, to};
    co_return co_await runQuietly(m_session, m_sandbox, std::move(argv));
}

/// `openFlags`: O_NOFOLLOW for a symlink to be copied as one.
api::Task<Result<void>> Upload::entry(std::string from, std::string to, int openFlags)
{
    struct stat status = {};
    const int follow = openFlags == O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
    if (::fstatat(AT_FDCWD, from.c_str(), &status, follow) != 0)
        co_return failErrno("cannot read " + from);
    if (S_ISLNK(status.st_mode))
        co_return co_await symlink(std::move(from), std::move(to));
    if (S_ISDIR(status.st_mode))
        co_return co_await folder(std::move(from), std::move(to), status.st_mode & kModeBits);
    if (!S_ISREG(status.st_mode) && openFlags == O_NOFOLLOW)
        co_return fail(ErrorCode::BadRequest,
                       from + " is passed over: it is no file, folder or symlink");
    if (S_ISSOCK(status.st_mode))
        co_return fail(ErrorCode::BadRequest,
                       from + " is a socket, which has nothing to copy; name a file or a folder");
    const UniqueFd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC | openFlags));
    if (!fd)
        co_return failErrno("cannot open " + from);
    co_return co_await file(fd.get(), std::move(to), status.st_mode & kModeBits);
}

api::Task<Result<void>> Upload::finish()
{
    for (const auto& [mode, paths] : m_modes) {
        for (std::size_t i = 0; i < paths.size(); i += kPathsAtOnce) {
            std::vector<std::string> argv{"chmod", std::format("{:o}", mode), "--"};
            argv.insert(argv.end(), paths.begin() + static_cast<std::ptrdiff_t>(i),
                        paths.begin() +
                            static_cast<std::ptrdiff_t>(std::min(i + kPathsAtOnce, paths.size())));
            if (Result<void> done = co_await runQuietly(m_session, m_sandbox, argv); !done)
                co_return done;
        }
    }
    co_return Result<void>{};
}

/// `path` without its last name: what must be there before something is put there.
std::string parentOf(std::string path)
{
    const auto dropSlashes = [&path] { path.erase(path.find_last_not_of('/') + 1); };
    dropSlashes();
    path.erase(path.rfind('/') + 1);
    dropSlashes();
    return path.empty() ? "/" : path;
}

/// Says which folder is missing, before anything is sent.
api::Task<Result<void>> checkFolder(Session& session, const SandboxPath& to, bool toFolder)
{
    const std::string folder = toFolder && to.path.ends_with('/') ? to.path : parentOf(to.path);
    const Result<api::FileEntry> there = co_await session.client.statFile(to.sandbox, folder);
    if (there || !isMissingFile(there.error()))
        co_return Result<void>{};
    co_return fail(ErrorCode::NotFound, "there is no folder " + folder + " in " + to.sandbox +
                                            "; make it with: " + "caissonctl exec " + to.sandbox +
                                            " -- mkdir -p " + folder);
}

/// Where inside the source ends up.
api::Task<Result<std::string>> targetFor(Session& session, const std::string& from,
                                         const SandboxPath& to)
{
    const Result<api::FileEntry> there = co_await session.client.statFile(to.sandbox, to.path);
    if (!there && there.error().code != ErrorCode::NotFound)
        co_return std::unexpected(there.error());
    if (!there) {
        struct stat status = {};
        const bool isFile = ::stat(from.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
        if (Result<void> checked = co_await checkFolder(session, to, isFile); !checked)
            co_return std::unexpected(checked.error());
    }
    const bool isFolder =
        there && there->targetType.value_or(there->type) == api::FileType::Directory;
    if (!isFolder || meansContents(from) || lastName(from).empty())
        co_return to.path;
    co_return joinPath(to.path, lastName(from));
}

} // namespace

api::Task<Result<int>> copyIn(Session& session, std::string from, SandboxPath to)
{
    Upload upload(session, to.sandbox);
    if (from == kStandardStream) {
        const Result<void> done = co_await upload.file(STDIN_FILENO, to.path, -1);
        if (!done)
            co_return std::unexpected(done.error());
        co_return kExitDone;
    }
    const Result<std::string> target = co_await targetFor(session, from, to);
    if (!target)
        co_return std::unexpected(target.error());
    if (Result<void> done = co_await upload.entry(from, *target, 0); !done)
        co_return std::unexpected(done.error());
    if (Result<void> done = co_await upload.finish(); !done)
        co_return std::unexpected(done.error());
    co_return upload.exitCode();
}

} // namespace caisson::ctl
