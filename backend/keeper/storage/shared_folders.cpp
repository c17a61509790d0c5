// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/shared_folders.h"

#include "backend/keeper/storage/mount_api.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

// The runtime mounts its own there, above or instead of what would be mounted before.
constexpr std::array<std::string_view, 4> kReserved{"/proc", "/sys", "/dev", "/.caisson"};

Result<void> checkTarget(const std::string& target)
{
    if (!target.starts_with('/') || target.find_first_not_of('/') == std::string::npos)
        return fail(ErrorCode::BadRequest,
                    "cannot mount at \"" + target + "\": give an absolute path below /");
    std::string normal;
    for (const char c : target) {
        if (c != '/' || !normal.ends_with('/'))
            normal += c;
    }
    for (const std::string_view reserved : kReserved) {
        if (normal.starts_with(reserved) &&
            (normal.size() == reserved.size() || normal[reserved.size()] == '/'))
            return fail(ErrorCode::BadRequest, "cannot mount at " + target + ": " +
                                                   std::string(reserved) + " is the sandbox's own");
    }
    return {};
}

/// Caissond has resolved the path when the sandbox was made. A link that is there now may have been
/// put there by a sandbox, to be led to what is none of its business.
UniqueFd openWithoutLinks(const std::string& path)
{
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return UniqueFd(
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

/// With all that is mounted below the source, as whoever names a folder means it. Where that cannot
/// be had (below it is what cannot be id-mapped), the folder alone: less, never more.
Result<UniqueFd> bindSource(int source, const api::Mount& mount, const IdMap* idMap,
                            std::vector<std::string>& notes)
{
    auto tree = cloneMount(source, mount.source, Submounts::Take);
    if (!tree || !idMap)
        return tree;
    if (idMap->applyTo(tree->get(), Submounts::Take))
        return tree;
    tree = cloneMount(source, mount.source, Submounts::Leave);
    if (!tree)
        return tree;
    if (auto mapped = idMap->applyTo(tree->get(), Submounts::Leave); !mapped) {
        if (!mount.readOnly)
            return fail(ErrorCode::RuntimeFailed,
                        "cannot mount " + mount.source +
                            " for writing: its file system cannot be id-mapped; mount it "
                            "read-only (:ro) or move it to another file system");
        notes.push_back("mount " + mount.target + ": the file system of " + mount.source +
                        " cannot be id-mapped, so its files show as nobody's");
        return tree;
    }
    notes.push_back("mount " + mount.target + ": what is mounted below " + mount.source +
                    " cannot be id-mapped and is left out");
    return tree;
}

} // namespace

Result<std::vector<SharedFolder>> openSharedFolders(const std::vector<api::Mount>& mounts,
                                                    const IdMap* idMap,
                                                    std::vector<std::string>& notes)
{
    std::vector<SharedFolder> folders;
    for (const api::Mount& mount : mounts) {
        if (auto checked = checkTarget(mount.target); !checked)
            return std::unexpected(checked.error());
        const UniqueFd source = openWithoutLinks(mount.source);
        struct stat status{};
        if (!source || ::fstat(source.get(), &status) != 0) {
            const int number = errno;
            if (number == ELOOP)
                return fail(ErrorCode::BadRequest,
                            "cannot mount " + mount.source + " at " + mount.target +
                                ": a symbolic link has taken the place of a part of its path; put "
                                "the folder back where it was, then start again");
            Error error =
                errnoError(number, "cannot mount " + mount.source + " at " + mount.target);
            if (number == ENOENT)
                error.message += "; put it back where it was, then start again";
            return std::unexpected(std::move(error));
        }
        if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
            return fail(ErrorCode::BadRequest,
                        "cannot mount " + mount.source + ": it is neither a folder nor a file");
        auto tree = bindSource(source.get(), mount, idMap, notes);
        if (!tree)
            return std::unexpected(tree.error());
        std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
        if (mount.readOnly)
            attributes |= MOUNT_ATTR_RDONLY;
        if (auto set = setMountAttributes(tree->get(), attributes, Submounts::Take); !set)
            return std::unexpected(set.error());
        const NodeType type = S_ISDIR(status.st_mode) ? NodeType::Folder : NodeType::File;
        folders.push_back({mount, type, std::move(*tree)});
    }
    return folders;
}

Result<void> attachSharedFolders(const std::vector<SharedFolder>& folders, int root, IdRange ids)
{
    for (const SharedFolder& folder : folders) {
        auto target = ensureNode(root, folder.mount.target, folder.type, ids);
        if (!target)
            return std::unexpected(target.error());
        if (auto attached = attachMount(folder.tree.get(), target->get()); !attached) {
            attached.error().message = "cannot mount " + folder.mount.source + " at " +
                                       folder.mount.target + ": " + attached.error().message;
            return attached;
        }
    }
    return {};
}

} // namespace caisson::keeper
