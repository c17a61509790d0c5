// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/unique_fd.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// What proc(5) says of processes of a sandbox. All of it is hostile or gone at any moment: what
/// cannot be read is empty.
namespace caisson::keeper {

/// Processor time of the calling thread. Limits are in it: on a busy machine the time that others
/// take is no reason to give up.
std::chrono::nanoseconds processorTime();
using Deadline = std::chrono::nanoseconds;

/// Which file it is, under whatever name (stat(2)).
struct FileId
{
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileId&) const = default;
};

class ProcFiles
{
public:
    static constexpr std::size_t kMaxCmdline = 4096; ///< bytes

    ProcFiles();

    /// Every process, the newest first: by number, so that they are out of order for a while when
    /// the numbers have begun anew.
    std::vector<pid_t> all() const;

    /// "net:[4026531840]", of setns(2)'s descriptor.
    std::string networkOf(pid_t process) const;

    struct Status
    {
        pid_t parent = 0;
        std::vector<std::int64_t> ids; ///< its own id in each pid namespace, ours first
    };
    Status statusOf(pid_t process) const;
    /// Cheaper.
    pid_t parentOf(pid_t process) const;

    /// Path inside; without the " (deleted)" of one that was.
    std::string exeOf(pid_t process) const;
    /// Of its executable; none: not known.
    std::optional<FileId> exeFileOf(pid_t process) const;
    /// Arguments as one would type them; valid UTF-8 without control characters.
    std::string cmdlineOf(pid_t process, std::size_t limit = kMaxCmdline) const;

    /// How far the search through a table of descriptors has come.
    struct Search
    {
        pid_t process = 0;
        pid_t thread = 0; ///< that has a table of its own; 0: the process's
        off_t next = 0;   ///< the folder's position of the lowest that is still to be looked at
        int lowest = -1;  ///< the last that was looked at from below
        std::optional<int> top; ///< the highest still to be looked at; none: not known yet
        bool isDone = false;
    };
    /// Goes on with the search for the descriptor that is `link` ("socket:[123]"): looks at up to
    /// `count` of the lowest, and at as many of the highest. A new descriptor is the lowest that is
    /// free, so in a large table it is near one of the ends more often than in the middle.
    std::optional<int> look(Search& search, std::string_view link, int count,
                            Deadline deadline) const;
    /// Threads besides the first. They may have descriptors of their own (CLONE_FILES), and may live
    /// on where the first has ended.
    std::vector<pid_t> threadsOf(pid_t process) const;
    bool isDescriptor(pid_t process, int descriptor, std::string_view link) const;

private:
    std::string linkOf(const char* path) const;
    std::string contentOf(const char* path, std::size_t limit) const;
    int highestOf(const Search& search, int folder) const;

    UniqueFd m_proc;
};

/// Invalid bytes become U+FFFD, control characters spaces; cut at a character's end.
std::string cleanText(std::string_view bytes, std::size_t limit);

/// Arguments that end with NUL each, but for the last one, as a shell would read them: joined by
/// spaces, and quoted where they need it. `python3 -c import socket;s=socket.socket()` could be two
/// commands.
std::string shellText(std::string_view arguments);

} // namespace caisson::keeper
