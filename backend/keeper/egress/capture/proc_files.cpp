// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/proc_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>
#include <ranges>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxExe = 4096;
constexpr std::size_t kMaxStatus = 8192;
constexpr std::string_view kDeleted = " (deleted)";
/// Descriptors between two looks at the clock.
constexpr int kDescriptorsPerLook = 16;

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

/// Looks at the clock now and then only.
class Clock
{
public:
    explicit Clock(Deadline deadline)
        : m_deadline(deadline)
    {
    }
    bool isOver() { return ++m_steps % kDescriptorsPerLook == 0 && processorTime() >= m_deadline; }

private:
    Deadline m_deadline;
    int m_steps = 0;
};

/// Entries of a folder, by getdents64(2) itself: readdir(3) fetches 32 kB at once, and each entry of
/// a folder of descriptors costs the kernel microseconds.
class Entries
{
public:
    explicit Entries(int folder)
        : m_folder(folder)
    {
    }
    /// None at the end. Valid until the next call.
    const dirent64* next()
    {
        if (m_at >= m_size) {
            m_size = ::getdents64(m_folder, m_room.data(), m_room.size());
            m_at = 0;
            if (m_size <= 0)
                return nullptr;
        }
        const auto* entry = reinterpret_cast<const dirent64*>(m_room.data() + m_at);
        m_at += entry->d_reclen;
        return entry;
    }

private:
    int m_folder;
    alignas(dirent64) std::array<char, 16 * 24> m_room; // an entry has 24 bytes here
    ssize_t m_size = 0;
    ssize_t m_at = 0;
};

/// The first descriptor that is not below a number. Their places in the folder go by their numbers,
/// behind "." and ".."; one that is not open leads to the next that is.
std::optional<int> descriptorFrom(int folder, int number)
{
    const off_t place = off_t(number) + 2;
    if (::lseek(folder, place, SEEK_SET) != place)
        return std::nullopt;
    Entries entries(folder);
    while (const dirent64* entry = entries.next())
        if (const auto found = numberOf(entry->d_name))
            return found;
    return std::nullopt;
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

std::string shellText(std::string_view arguments)
{
    // Also what is no ASCII; of the rest, what means nothing to a shell wherever it stands.
    const auto isPlain = [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code >= 0x80 || (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
               (code >= 'a' && code <= 'z') || std::string_view("_@%+=:,./-").contains(byte);
    };
    std::string text;
    if (arguments.empty())
        return text;
    for (const auto part : std::views::split(arguments, '\0')) {
        const std::string_view argument(part.begin(), part.end());
        if (!text.empty())
            text += ' ';
        if (!argument.empty() && std::ranges::all_of(argument, isPlain)) {
            text += argument;
            continue;
        }
        text += '\'';
        for (const char byte : argument)
            text += byte == '\'' ? "'\\''" : std::string_view(&byte, 1);
        text += '\'';
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

std::optional<FileId> ProcFiles::exeFileOf(pid_t process) const
{
    struct stat status{};
    if (::fstatat(m_proc.get(), pathOf("%d/exe", process).data(), &status, 0) != 0)
        return std::nullopt;
    return FileId{status.st_dev, status.st_ino};
}

std::string ProcFiles::cmdlineOf(pid_t process, std::size_t limit) const
{
    std::string bytes = contentOf(pathOf("%d/cmdline", process).data(), limit);
    while (bytes.ends_with('\0'))
        bytes.pop_back();
    return cleanText(shellText(bytes), limit);
}

bool ProcFiles::isDescriptor(pid_t process, int descriptor, std::string_view link) const
{
    return linkOf(pathOf("%d/fd/%d", process, descriptor).data()) == link;
}

std::optional<int> ProcFiles::look(Search& search, std::string_view link, int count,
                                   Deadline deadline) const
{
    const Path path = search.thread != 0 ? pathOf("%d/task/%d/fd", search.process, search.thread)
                                         : pathOf("%d/fd", search.process);
    const UniqueFd folder(::openat(m_proc.get(), path.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    search.isDone = search.isDone || !folder || ::lseek(folder.get(), search.next, SEEK_SET) < 0;
    if (search.isDone)
        return std::nullopt;
    std::array<char, 64> room;
    const auto isLink = [&](const char* name) {
        const ssize_t size = ::readlinkat(folder.get(), name, room.data(), room.size());
        return size > 0 && std::string_view(room.data(), static_cast<std::size_t>(size)) == link;
    };
    Clock clock(deadline);
    Entries entries(folder.get());
    for (int looked = 0; looked < count;) {
        const dirent64* entry = entries.next();
        const auto number = entry ? numberOf(entry->d_name) : std::nullopt;
        if (!entry || (number && search.top && *number > *search.top)) {
            search.isDone = true;
            return std::nullopt;
        }
        search.next = entry->d_off;
        if (!number) // "." and ".."
            continue;
        if (isLink(entry->d_name))
            return number;
        search.lowest = *number;
        if (clock.isOver())
            return std::nullopt;
        ++looked;
    }
    if (!search.top)
        search.top = highestOf(search, folder.get());
    for (int looked = 0; looked < count; ++looked) {
        if (*search.top <= search.lowest) {
            search.isDone = true;
            return std::nullopt;
        }
        const int number = (*search.top)--;
        if (isLink(std::to_string(number).c_str()))
            return number;
        if (clock.isOver())
            return std::nullopt;
    }
    return std::nullopt;
}

/// Of the descriptors in a table; by halving, since a table may be far larger than what is open.
int ProcFiles::highestOf(const Search& search, int folder) const
{
    const std::string status = contentOf(pathOf("%d/task/%d/status", search.process,
                                                search.thread != 0 ? search.thread : search.process)
                                             .data(),
                                         kMaxStatus);
    int highest = search.lowest;
    // "FDSize:" is how many the table has room for.
    int above = std::max(numberOf(fieldOf(status, "\nFDSize:\t")).value_or(0), highest + 1);
    while (highest + 1 < above) {
        const int middle = highest + (above - highest) / 2;
        if (const auto found = descriptorFrom(folder, middle))
            highest = std::max(*found, middle);
        else
            above = middle;
    }
    return highest;
}

std::vector<pid_t> ProcFiles::threadsOf(pid_t process) const
{
    std::vector<pid_t> threads;
    const Folder folder = openFolder(m_proc.get(), pathOf("%d/task", process).data());
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        if (const auto thread = numberOf(entry->d_name); thread && *thread != process)
            threads.push_back(*thread);
    }
    return threads;
}

} // namespace caisson::keeper
