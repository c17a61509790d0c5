// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/paths.h"

#include "backend/base/unique_fd.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::api {

namespace {

constexpr std::size_t kMaxUnixPath = 107; // sun_path less its NUL, unix(7)

Result<std::string> absolute(std::string path)
{
    if (path.empty() || path.find('\0') != std::string::npos)
        return fail(ErrorCode::BadRequest, "an empty path cannot be Caisson's home");
    if (path.front() != '/') {
        char* here = ::getcwd(nullptr, 0);
        if (!here)
            return failErrno("cannot find the current folder");
        path = std::string(here) + "/" + path;
        std::free(here);
    }
    while (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    return path;
}

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string homeFolder()
{
    const std::string home = environment("HOME");
    return home.starts_with('/') ? home : "/";
}

std::string xdgFolder(const char* variable, const char* below)
{
    const std::string folder = environment(variable);
    return (folder.starts_with('/') ? folder : homeFolder() + below) + "/caisson";
}

bool isOwnFolder(const std::string& path)
{
    struct stat status;
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::getuid();
}

/// By id, not by environment: a program run under another user's environment must not meet that
/// user's sockets.
std::string runFolder()
{
    const std::string uid = std::to_string(::getuid());
    const std::string run = "/run/user/" + uid;
    return isOwnFolder(run) ? run + "/caisson" : "/tmp/caisson-" + uid;
}

Result<void> ensureFolder(const std::string& path)
{
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1))
        ::mkdir(path.substr(0, slash).c_str(), 0700);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return failErrno("cannot make the folder " + path);
    struct stat status;
    if (::lstat(path.c_str(), &status) != 0)
        return failErrno("cannot look at the folder " + path);
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
        return fail(ErrorCode::PermissionDenied,
                    path + " is not a folder of this user's; remove it or set CAISSON_HOME");
    if ((status.st_mode & 0077) != 0 && ::chmod(path.c_str(), 0700) != 0)
        return failErrno("cannot close the folder " + path + " to others");
    return {};
}

} // namespace

Result<Paths> pathsFromEnvironment()
{
    const std::string home = environment("CAISSON_HOME");
    if (home.empty())
        return pathsForHome(xdgFolder("XDG_DATA_HOME", "/.local/share"));
    Result<std::string> path = absolute(home);
    if (!path)
        return std::unexpected(path.error());
    return pathsForHome(*path);
}

Paths pathsForHome(const std::string& home)
{
    if (home == xdgFolder("XDG_DATA_HOME", "/.local/share"))
        return Paths{home, home, xdgFolder("XDG_CONFIG_HOME", "/.config"), runFolder()};
    return Paths{home, home, home, home + "/run"};
}

Result<void> ensureFolders(const Paths& paths)
{
    for (const std::string* folder : {&paths.data, &paths.config, &paths.run}) {
        if (Result<void> made = ensureFolder(*folder); !made)
            return made;
    }
    return ensureFolder(paths.sandboxes());
}

struct UnixAddress::Folder
{
    UniqueFd fd;
};

UnixAddress::UnixAddress(std::string path, int folder)
    : m_path(std::move(path))
    , m_folder(folder < 0 ? nullptr : new Folder{UniqueFd(folder)})
{
}

Result<UnixAddress> UnixAddress::of(const std::string& path)
{
    if (path.size() <= kMaxUnixPath)
        return UnixAddress(path, -1);
    const std::size_t slash = path.find_last_of('/');
    const int folder = ::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return failErrno("cannot open the folder of " + path);
    return UnixAddress("/proc/self/fd/" + std::to_string(folder) + path.substr(slash), folder);
}

} // namespace caisson::api
