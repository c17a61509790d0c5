// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/stage.h"

#include "backend/keeper/storage/mount_api.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

namespace caisson::keeper {

namespace {

// Folders that the Filesystem Hierarchy Standard 3.0 asks of every host, and that hold no programs.
constexpr std::array kCandidates{"/media", "/mnt", "/srv", "/boot", "/opt"};

std::string resolved(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? std::string(real.get()) : path;
}

bool isBelow(const std::string& path, const std::string& folder)
{
    return path == folder || path.starts_with(folder + "/");
}

bool isUsable(const char* candidate, const std::vector<std::string>& needed)
{
    struct stat status{};
    return ::lstat(candidate, &status) == 0 && S_ISDIR(status.st_mode) &&
           (status.st_mode & S_IXOTH) != 0 &&
           std::ranges::none_of(needed,
                                [&](const std::string& path) { return isBelow(path, candidate); });
}

} // namespace

Result<Stage> mountStage(const std::vector<std::string>& needed)
{
    std::vector<std::string> real;
    for (const std::string& path : needed)
        real.push_back(resolved(path));
    const auto chosen = std::ranges::find_if(
        kCandidates, [&](const char* candidate) { return isUsable(candidate, real); });
    if (chosen == kCandidates.end())
        return fail(ErrorCode::RuntimeFailed,
                    "cannot find a folder to put the sandbox's root together on: none of /media, "
                    "/mnt, /srv, /boot, /opt is free");
    const UniqueFd target(::open(*chosen, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!target)
        return failErrno(std::string("cannot open ") + *chosen);
    auto tmpfs = makeTmpfs();
    if (!tmpfs)
        return std::unexpected(tmpfs.error());
    if (auto attached = attachMount(tmpfs->get(), target.get()); !attached)
        return std::unexpected(attached.error());
    return Stage{*chosen, std::move(*tmpfs)};
}

} // namespace caisson::keeper
