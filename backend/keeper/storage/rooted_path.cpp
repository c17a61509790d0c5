// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/rooted_path.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <vector>

namespace caisson::keeper {

namespace {

int openInRoot(int root, const std::string& path, std::uint64_t flags)
{
    open_how how{};
    how.flags = flags | O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

std::vector<std::string> components(const std::string& path)
{
    std::vector<std::string> names;
    std::size_t begin = 0;
    while (begin < path.size()) {
        std::size_t end = path.find('/', begin);
        if (end == std::string::npos)
            end = path.size();
        if (end > begin)
            names.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return names;
}

bool makeNode(int parent, const std::string& name, NodeType type, IdRange ids)
{
    if (type == NodeType::Folder) {
        if (::mkdirat(parent, name.c_str(), 0755) != 0)
            return false;
    } else {
        const UniqueFd file(
            ::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file)
            return false;
    }
    const auto owner = static_cast<uid_t>(ids.base);
    return ::fchownat(parent, name.c_str(), owner, owner, AT_SYMLINK_NOFOLLOW) == 0;
}

} // namespace

Result<UniqueFd> ensureNode(int root, const std::string& path, NodeType last, IdRange ids)
{
    const std::vector<std::string> names = components(path);
    std::string reached = ".";
    UniqueFd node(openInRoot(root, reached, O_DIRECTORY));
    if (!node)
        return failErrno("cannot open the sandbox's root");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == "." || names[i] == "..")
            return fail(ErrorCode::BadRequest, path + ": no \".\" or \"..\" in a path inside");
        const NodeType type = i + 1 < names.size() ? NodeType::Folder : last;
        // From the root again at each step: RESOLVE_IN_ROOT takes the start for the root.
        reached += '/' + names[i];
        const std::uint64_t flags = type == NodeType::Folder ? O_DIRECTORY : 0;
        UniqueFd next(openInRoot(root, reached, flags));
        if (!next && errno == ENOENT) {
            if (!makeNode(node.get(), names[i], type, ids))
                return failErrno("cannot make " + path + " in the sandbox");
            next.reset(openInRoot(root, reached, flags));
        }
        if (!next)
            return failErrno("cannot use " + path + " in the sandbox");
        node = std::move(next);
    }
    struct stat status{};
    if (::fstat(node.get(), &status) != 0)
        return failErrno("cannot use " + path + " in the sandbox");
    if (last == NodeType::File && S_ISDIR(status.st_mode))
        return fail(ErrorCode::IsADirectory, path + " is a folder in the sandbox");
    return node;
}

} // namespace caisson::keeper
