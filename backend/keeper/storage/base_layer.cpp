// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/base_layer.h"

#include "backend/base/files.h"
#include "backend/base/id.h"
#include "backend/base/log.h"
#include "backend/keeper/storage/etc_allowlist.h"
#include "backend/keeper/storage/etc_files.h"
#include "backend/keeper/storage/host_folders.h"
#include "backend/keeper/storage/own_node.h"
#include "backend/keeper/storage/tree.h"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <format>
#include <memory>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

// Raised whenever baseFiles() or the way a base is built changes.
constexpr int kBaseFormat = 1;

/// FNV-1a, 64 bits (Fowler, Noll, Vo). It tells versions of the host apart; it guards nothing.
class Fingerprint
{
public:
    void add(std::string_view bytes)
    {
        for (const char c : bytes) {
            m_value ^= static_cast<unsigned char>(c);
            m_value *= 0x100000001b3;
        }
    }
    std::string text() const { return std::format("{:016x}", m_value); }

private:
    std::uint64_t m_value = 0xcbf29ce484222325;
};

std::string fingerprintOf(const std::vector<HostEntry>& entries, const HostFolders& folders,
                          const std::string& bootId)
{
    Fingerprint fingerprint;
    fingerprint.add(std::format("{} {}\n", kBaseFormat, bootId));
    for (const HostFolder& folder : folders.folders)
        fingerprint.add(folder.path + "\n");
    for (const HostLink& link : folders.links)
        fingerprint.add(link.path + " " + link.target + "\n");
    for (const HostEntry& entry : entries) {
        fingerprint.add(entry.path);
        fingerprint.add(std::format(" {:o} {} {} {}.{}\n", entry.mode, entry.inode, entry.size,
                                    entry.modified.tv_sec, entry.modified.tv_nsec));
    }
    return fingerprint.text();
}

std::string baseRoot(const std::string& base)
{
    return base + "/root";
}

Result<std::string> linkTarget(const std::string& path)
{
    char target[PATH_MAX];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size < 0)
        return failErrno("cannot read the link " + path);
    return std::string(target, static_cast<std::size_t>(size));
}

/// The host's file as the sandbox gets it; NotFound when it went away meanwhile.
Result<OwnFile> ownCopy(const std::string& hostRoot, const HostEntry& entry)
{
    const std::string onHost = hostRoot + "/" + entry.path;
    OwnFile copy{entry.path, entry.mode & (S_IFMT | 0755), 0, 0, {}};
    if (S_ISLNK(entry.mode)) {
        auto target = linkTarget(onHost);
        if (!target)
            return std::unexpected(target.error());
        copy.content = std::move(*target);
    } else if (S_ISREG(entry.mode)) {
        auto content = readFile(onHost);
        if (!content)
            return std::unexpected(content.error());
        // In binary files (ld.so.cache, keyrings) what looks like a URL is none.
        const bool isText = content->find('\0') == std::string::npos;
        copy.content = isText ? withoutUrlCredentials(std::move(*content)) : std::move(*content);
    }
    return copy;
}

Result<void> buildBase(const std::string& path, const std::string& hostRoot,
                       const std::vector<HostEntry>& entries, const HostFolders& folders,
                       IdRange ids)
{
    if (::mkdir(path.c_str(), 0755) != 0)
        return failErrno("cannot make " + path);
    const UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root || ::fchmod(root.get(), 0755) != 0)
        return failErrno("cannot open " + path);
    if (auto owned = giveTo(root.get(), "", ids, 0, 0); !owned)
        return owned;

    const std::string shell =
        ::access((hostRoot + "/usr/bin/bash").c_str(), X_OK) == 0 ? "/bin/bash" : "/bin/sh";
    std::set<std::string> made;
    for (const OwnFile& own : baseFiles(shell)) {
        if (auto written = writeOwnNode(root.get(), own, ids); !written)
            return written;
        made.insert(own.path);
    }
    for (const HostLink& link : folders.links) {
        const OwnFile own{link.path.substr(1), S_IFLNK | 0777, 0, 0, link.target};
        if (auto written = writeOwnNode(root.get(), own, ids); !written)
            return written;
    }
    for (const HostFolder& folder : folders.folders) {
        const OwnFile own{folder.path.substr(1), S_IFDIR | 0755, 0, 0, {}};
        if (made.contains(own.path))
            continue;
        if (auto written = writeOwnNode(root.get(), own, ids); !written)
            return written;
    }
    for (const HostEntry& entry : entries) {
        if (made.contains(entry.path))
            continue;
        auto own = ownCopy(hostRoot, entry);
        if (!own) {
            logWarning("the base of image host is without /{}: {}", entry.path,
                       own.error().message);
            continue;
        }
        if (auto written = writeOwnNode(root.get(), *own, ids); !written)
            return written;
        const timespec times[2]{entry.modified, entry.modified};
        if (entry.modified.tv_sec != 0)
            ::utimensat(root.get(), entry.path.c_str(), times, AT_SYMLINK_NOFOLLOW);
    }
    return {};
}

/// The base, locked for use. NotFound when it is not there, also when it was removed between
/// opening and locking.
Result<BaseLayer> openBase(const std::string& path)
{
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return failErrno("cannot open " + path);
    while (::flock(folder.get(), LOCK_SH) != 0) {
        if (errno != EINTR)
            return failErrno("cannot lock " + path);
    }
    struct stat locked{};
    struct stat present{};
    if (::fstat(folder.get(), &locked) != 0 || ::stat(path.c_str(), &present) != 0)
        return failErrno("cannot open " + path);
    if (locked.st_ino != present.st_ino)
        return fail(ErrorCode::NotFound, path + " was replaced");
    return BaseLayer{baseRoot(path), std::move(folder)};
}

struct CloseFolder
{
    void operator()(DIR* folder) const { ::closedir(folder); }
};

/// Removes what nobody has locked: old bases, and what a killed builder or remover left. The caller
/// holds the lock on `shared`, so nobody is building.
void removeUnusedBases(const std::string& shared)
{
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(shared.c_str()));
    if (!folder)
        return;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..")
            continue;
        const std::string path = shared + "/" + name;
        const UniqueFd base(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!base || ::flock(base.get(), LOCK_EX | LOCK_NB) != 0)
            continue;
        // Out of its place first: who opens it from now on does not find it half removed.
        const std::string doomed = shared + "/removed-" + randomId();
        if (::rename(path.c_str(), doomed.c_str()) != 0)
            continue;
        if (auto removed = removeTree(doomed); !removed)
            logWarning("an unused base stays behind: {}", removed.error().message);
    }
}

/// One builder at a time; the others wait some milliseconds and find the base there.
Result<UniqueFd> lockShared(const std::string& shared)
{
    if (::mkdir(shared.c_str(), 0700) != 0 && errno != EEXIST)
        return failErrno("cannot make " + shared);
    UniqueFd folder(::open(shared.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return failErrno("cannot open " + shared);
    while (::flock(folder.get(), LOCK_EX) != 0) {
        if (errno != EINTR)
            return failErrno("cannot lock " + shared);
    }
    return folder;
}

} // namespace

Result<BaseLayer> ensureBaseLayer(const std::string& shared, const std::string& hostRoot,
                                  BaseOwner owner, IdRange ids)
{
    auto entries = scanHostConfiguration(hostRoot);
    if (!entries)
        return std::unexpected(entries.error());
    auto folders = findHostFolders(hostRoot);
    if (!folders)
        return std::unexpected(folders.error());
    auto bootId = readFile("/proc/sys/kernel/random/boot_id");
    if (!bootId)
        return std::unexpected(bootId.error());

    std::string name = fingerprintOf(*entries, *folders, *bootId);
    IdRange onDisk = ids;
    if (owner == BaseOwner::Private)
        name += std::format("-{}", ids.base);
    else
        onDisk.base = 0;
    const std::string path = shared + "/" + name;
    auto present = openBase(path);
    if (present || present.error().code != ErrorCode::NotFound)
        return present;

    const auto lock = lockShared(shared);
    if (!lock)
        return std::unexpected(lock.error());
    present = openBase(path);
    if (present || present.error().code != ErrorCode::NotFound)
        return present;
    const std::string building = shared + "/building-" + randomId();
    if (::mkdir(building.c_str(), 0700) != 0)
        return failErrno("cannot make " + building);
    Result<void> built = buildBase(baseRoot(building), hostRoot, *entries, *folders, onDisk);
    if (built && ::rename(building.c_str(), path.c_str()) != 0)
        built = failErrno("cannot put the base in place at " + path);
    if (!built) {
        if (auto removed = removeTree(building); !removed)
            logWarning("{}", removed.error().message);
        return std::unexpected(built.error());
    }
    present = openBase(path);
    removeUnusedBases(shared);
    return present;
}

} // namespace caisson::keeper
