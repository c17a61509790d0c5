// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/root_inside.h"

#include <array>
#include <fcntl.h>
#include <format>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace caisson::keeper {

namespace {

constexpr std::chrono::seconds kKnown(1);
/// /usr/bin/java is some 12 steps over two links.
constexpr int kMaxSteps = 40;
constexpr int kMaxLinks = 8;
constexpr std::size_t kMaxPath = 1024;

/// `path` has no links but in its last part, which is not followed. All that is mounted there is of our
/// making or a folder that the person shares: nobody inside may mount a file system of their own, which
/// could let whoever looks there wait.
UniqueFd openAt(int root, const std::string& path)
{
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return UniqueFd(static_cast<int>(
        ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

/// Parts still to be gone through, the next one last.
void pushParts(std::vector<std::string>& parts, std::string_view path)
{
    std::vector<std::string> these;
    while (!path.empty()) {
        const std::size_t end = path.find('/');
        if (const std::string_view part = path.substr(0, end); !part.empty() && part != ".")
            these.emplace_back(part);
        path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    }
    parts.insert(parts.end(), these.rbegin(), these.rend());
}

} // namespace

RootInside::RootInside(pid_t process)
    : RootInside(UniqueFd(
          ::open(std::format("/proc/{}/root", process).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)))
{
}

RootInside::RootInside(UniqueFd root, Clock clock)
    : m_root(std::move(root))
    , m_clock(std::move(clock))
{
}

std::optional<FileId> RootInside::fileAt(std::string_view path)
{
    const auto now = m_clock();
    if (now - m_since > kKnown) {
        m_known.clear();
        m_since = now;
    }
    if (const auto known = m_known.find(path); known != m_known.end())
        return known->second;
    return m_known.emplace(path, lookUp(path)).first->second;
}

std::optional<FileId> RootInside::lookUp(std::string_view path) const
{
    if (path.size() > kMaxPath)
        return std::nullopt;
    std::vector<std::string> parts;
    pushParts(parts, path);
    std::string at; // where the parts so far lead, from the root
    std::optional<FileId> file;
    int links = 0;
    for (int steps = 0; !parts.empty(); ++steps) {
        const std::string part = std::move(parts.back());
        parts.pop_back();
        if (part == "..") {
            at.resize(at.contains('/') ? at.rfind('/') : 0);
            file.reset();
            continue;
        }
        std::string next = at.empty() ? part : at + "/" + part;
        if (steps >= kMaxSteps || next.size() > kMaxPath)
            return std::nullopt;
        const UniqueFd node = openAt(m_root.get(), next);
        struct stat status{};
        if (!node || ::fstat(node.get(), &status) != 0)
            return std::nullopt;
        if (!S_ISLNK(status.st_mode)) {
            at = std::move(next);
            file = FileId{status.st_dev, status.st_ino};
            continue;
        }
        std::array<char, kMaxPath> target;
        const ssize_t size = ::readlinkat(node.get(), "", target.data(), target.size());
        if (++links > kMaxLinks || size <= 0 || static_cast<std::size_t>(size) == target.size())
            return std::nullopt;
        const std::string_view text(target.data(), static_cast<std::size_t>(size));
        if (text.starts_with('/'))
            at.clear();
        pushParts(parts, text);
    }
    return file;
}

} // namespace caisson::keeper
