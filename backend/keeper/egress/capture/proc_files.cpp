// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/proc_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxCmdline = 4096;
constexpr std::size_t kMaxExe = 4096;
constexpr std::size_t kMaxStatus = 8192;
constexpr std::string_view kDeleted = " (deleted)";
/// Entries between two looks at the clock.
constexpr int kEntriesPerLook = 64;

struct FolderCloser
{
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, FolderCloser>;

Folder openFolder(int at, const char* path)
{
    UniqueFd fd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return nullptr;
    Folder folder(::fdopendir(fd.get()));
    if (folder)
        std::ignore = fd.release();
    return folder;
}

using Path = std::array<char, 64>;

template<class... Arguments>
Path pathOf(const char* format, Arguments... arguments)
{
    Path path;
    std::snprintf(path.data(), path.size(), format, arguments...);
    return path;
}

std::optional<int> numberOf(std::string_view text)
{
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

bool isOver(Deadline deadline)
{
    return processorTime() >= deadline;
}

/// What follows "KEY:" in a status, to the end of the line.
std::string_view fieldOf(std::string_view status, std::string_view key)
{
    const std::size_t at = status.find(key);
    if (at == std::string_view::npos)
        return {};
    status.remove_prefix(at + key.size());
    return status.substr(0, status.find('\n'));
}

/// The length of the well-formed UTF-8 sequence at the beginning (RFC 3629); 0: there is none.
std::size_t sequenceLength(std::string_view bytes)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                               : first >= 0xe0 && first <= 0xef ? 3
                               : first >= 0xf0 && first <= 0xf4 ? 4
                                                                : 0;
    if (length == 0 || bytes.size() < length)
        return 0;
    // Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte.
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high)
        return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    return length;
}

bool isControl(std::string_view sequence)
{
    const auto first = static_cast<unsigned char>(sequence[0]);
    return (sequence.size() == 1 && (first < 0x20 || first == 0x7f)) ||
           // U+0080 to U+009F, of which terminals take U+009B for an escape.
           (sequence.size() == 2 && first == 0xc2 &&
            static_cast<unsigned char>(sequence[1]) < 0xa0);
}

} // namespace

std::chrono::nanoseconds processorTime()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string cleanText(std::string_view bytes, std::size_t limit)
{
    std::string text;
    while (!bytes.empty()) {
        const std::size_t length = sequenceLength(bytes);
        const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
        const std::string_view shown = length == 0           ? "\xef\xbf\xbd"
                                       : isControl(sequence) ? " "
                                                             : sequence;
        if (text.size() + shown.size() > limit)
            break;
        text += shown;
        bytes.remove_prefix(sequence.size());
    }
    return text;
}

ProcFiles::ProcFiles()
    : m_proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
{
}

std::vector<pid_t> ProcFiles::all() const
{
    std::vector<pid_t> processes;
    const Folder folder = openFolder(m_proc.get(), ".");
    if (!folder)
        return processes;
    while (const dirent* entry = ::readdir(folder.get())) {
        if (const auto process = numberOf(entry->d_name))
            processes.push_back(*process);
    }
    std::ranges::sort(processes, std::greater());
    return processes;
}

std::string ProcFiles::linkOf(const char* path) const
{
    std::array<char, PATH_MAX> room;
    const ssize_t size = ::readlinkat(m_proc.get(), path, room.data(), room.size());
    return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string ProcFiles::contentOf(const char* path, std::size_t limit) const
{
    const UniqueFd file(::openat(m_proc.get(), path, O_RDONLY | O_CLOEXEC));
    std::string content(limit, '\0');
    std::size_t size = 0;
    while (file && size < limit) {
        const ssize_t got = ::read(file.get(), content.data() + size, limit - size);
        if (got <= 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

std::string ProcFiles::networkOf(pid_t process) const
{
    return linkOf(pathOf("%d/ns/net", process).data());
}

ProcFiles::Status ProcFiles::statusOf(pid_t process) const
{
    // Its first line is the process's own choice, but has no newline in it (proc_pid_status(5)).
    const std::string content = contentOf(pathOf("%d/status", process).data(), kMaxStatus);
    Status status;
    const std::string_view parent = fieldOf(content, "\nPPid:\t");
    status.parent = numberOf(parent).value_or(0);
    std::string_view ids = fieldOf(content, "\nNSpid:\t");
    while (!ids.empty()) {
        const std::size_t end = std::min(ids.find('\t'), ids.size());
        status.ids.push_back(numberOf(ids.substr(0, end)).value_or(0));
        ids.remove_prefix(std::min(end + 1, ids.size()));
    }
    return status;
}

pid_t ProcFiles::parentOf(pid_t process) const
{
    const std::string content = contentOf(pathOf("%d/stat", process).data(), 512);
    // "1 (name) S 0 …": the name may hold anything, also a parenthesis.
    const std::size_t name = content.rfind(") ");
    if (name == std::string::npos || name + 4 > content.size())
        return 0;
    const std::string_view rest = std::string_view(content).substr(name + 4);
    return numberOf(rest.substr(0, rest.find(' '))).value_or(0);
}

std::string ProcFiles::exeOf(pid_t process) const
{
    const Path path = pathOf("%d/exe", process);
    std::string exe = linkOf(path.data());
    struct stat status{};
    // A file may well be called so.
    if (exe.ends_with(kDeleted) && ::fstatat(m_proc.get(), path.data(), &status, 0) == 0 &&
        status.st_nlink == 0)
        exe.resize(exe.size() - kDeleted.size());
    return cleanText(exe, kMaxExe);
}

std::string ProcFiles::cmdlineOf(pid_t process) const
{
    std::string bytes = contentOf(pathOf("%d/cmdline", process).data(), kMaxCmdline);
    while (bytes.ends_with('\0'))
        bytes.pop_back();
    return cleanText(bytes, kMaxCmdline);
}

bool ProcFiles::isDescriptor(pid_t process, int descriptor, std::string_view link) const
{
    return linkOf(pathOf("%d/fd/%d", process, descriptor).data()) == link;
}

std::optional<int> ProcFiles::findIn(const char* path, std::string_view link,
                                     Deadline deadline) const
{
    const Folder folder = openFolder(m_proc.get(), path);
    if (!folder)
        return std::nullopt;
    std::array<char, 64> room;
    int entries = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        if (++entries % kEntriesPerLook == 0 && isOver(deadline))
            return std::nullopt;
        const ssize_t size =
            ::readlinkat(::dirfd(folder.get()), entry->d_name, room.data(), room.size());
        if (size > 0 && std::string_view(room.data(), static_cast<std::size_t>(size)) == link)
            return numberOf(entry->d_name);
    }
    return std::nullopt;
}

std::optional<int> ProcFiles::descriptorOf(pid_t process, std::string_view link, int first,
                                           Deadline deadline) const
{
    if (first >= 0 && isDescriptor(process, first, link))
        return first;
    return findIn(pathOf("%d/fd", process).data(), link, deadline);
}

bool ProcFiles::hasThreadWith(pid_t process, std::string_view link, Deadline deadline) const
{
    const Folder folder = openFolder(m_proc.get(), pathOf("%d/task", process).data());
    if (!folder)
        return false;
    while (const dirent* entry = ::readdir(folder.get())) {
        const auto thread = numberOf(entry->d_name);
        if (!thread || *thread == process)
            continue;
        if (isOver(deadline))
            return false;
        if (findIn(pathOf("%d/task/%d/fd", process, *thread).data(), link, deadline))
            return true;
    }
    return false;
}

} // namespace caisson::keeper
