// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/tree.h"

#include "backend/base/id.h"
#include "backend/base/unique_fd.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

struct CloseFolder
{
    void operator()(DIR* folder) const { ::closedir(folder); }
};

int openFolder(int parent, const char* name)
{
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0)
        fd = ::openat(parent, name, flags);
    return fd;
}

// A sandbox can nest folders until neither descriptors nor stack would do for a recursion. What
// lies deeper than this is moved up to the top first.
constexpr int kMaxDepth = 64;

class TreeRemover
{
public:
    TreeRemover(int top, dev_t device)
        : m_top(top)
        , m_device(device)
    {
    }

    bool emptyTop()
    {
        do {
            m_moved = false;
            if (!emptyFolder(m_top, ".", 0))
                return false;
        } while (m_moved);
        return true;
    }

private:
    bool emptyFolder(int parent, const char* name, int depth)
    {
        const int fd = openFolder(parent, name);
        if (fd < 0)
            return false;
        const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd));
        if (!folder) {
            ::close(fd);
            return false;
        }
        struct stat status{};
        if (::fstat(fd, &status) != 0)
            return false;
        if (status.st_dev != m_device) {
            errno = EXDEV;
            return false;
        }
        // Without write permission nothing can be taken out of a folder, owner or not.
        if ((status.st_mode & 0300) != 0300 && ::fchmod(fd, 0700) != 0)
            return false;
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(folder.get());
            if (!entry)
                return errno == 0;
            const std::string_view entryName = entry->d_name;
            if (entryName != "." && entryName != ".." && !removeEntry(fd, entry->d_name, depth))
                return false;
        }
    }

    bool removeEntry(int parent, const char* name, int depth)
    {
        if (::unlinkat(parent, name, 0) == 0)
            return true;
        if (errno != EISDIR)
            return false;
        if (depth >= kMaxDepth) {
            m_moved = true;
            const std::string moved = "deep-" + randomId();
            return ::renameat(parent, name, m_top, moved.c_str()) == 0;
        }
        return emptyFolder(parent, name, depth + 1) && ::unlinkat(parent, name, AT_REMOVEDIR) == 0;
    }

    int m_top;
    dev_t m_device;
    bool m_moved = false;
};

} // namespace

Result<void> removeTree(const std::string& path)
{
    if (::unlink(path.c_str()) == 0 || errno == ENOENT)
        return {};
    if (errno != EISDIR)
        return failErrno("cannot remove " + path);
    const UniqueFd top(openFolder(AT_FDCWD, path.c_str()));
    struct stat status{};
    if (!top || ::fstat(top.get(), &status) != 0 ||
        !TreeRemover(top.get(), status.st_dev).emptyTop() || ::rmdir(path.c_str()) != 0)
        return failErrno("cannot remove " + path);
    return {};
}

} // namespace caisson::keeper
