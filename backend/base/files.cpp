// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/files.h"

#include "backend/base/id.h"
#include "backend/base/unique_fd.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace caisson {

Result<std::string> readFile(const std::string& path, std::size_t limit)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return failErrno("cannot open " + path);
    std::string content;
    char buffer[65536];
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return failErrno("cannot read " + path);
        }
        if (got == 0)
            return content;
        content.append(buffer, static_cast<std::size_t>(got));
        if (content.size() > limit)
            return fail(ErrorCode::TooLarge, path + " is larger than expected");
    }
}

Result<void> writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return failErrno("cannot write");
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> writeFileAtomically(const std::string& path, std::string_view content, unsigned mode)
{
    const std::string temporary = path + "." + randomId() + ".new";
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd)
        return failErrno("cannot create " + temporary);
    Result<void> done = writeAll(fd.get(), content);
    if (done && ::fsync(fd.get()) != 0)
        done = failErrno("cannot write " + temporary);
    if (done && ::rename(temporary.c_str(), path.c_str()) != 0)
        done = failErrno("cannot replace " + path);
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);
    const UniqueFd folderFd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folderFd)
        ::fsync(folderFd.get());
    return {};
}

} // namespace caisson
