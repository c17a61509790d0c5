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

class ProcFiles
{
public:
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
    /// Arguments joined by spaces; valid UTF-8 without control characters, at most 4096 bytes.
    std::string cmdlineOf(pid_t process) const;

    /// The descriptor by which a process holds `link` ("socket:[123]"). Looks at `first` first.
    std::optional<int> descriptorOf(pid_t process, std::string_view link, int first,
                                    Deadline deadline) const;
    /// The same in threads that have descriptors of their own (CLONE_FILES), as also where the
    /// first thread has ended. Only whether there is one.
    bool hasThreadWith(pid_t process, std::string_view link, Deadline deadline) const;
    bool isDescriptor(pid_t process, int descriptor, std::string_view link) const;

private:
    std::string linkOf(const char* path) const;
    std::string contentOf(const char* path, std::size_t limit) const;
    std::optional<int> findIn(const char* folder, std::string_view link, Deadline deadline) const;

    UniqueFd m_proc;
};

/// Invalid bytes become U+FFFD, control characters spaces; cut at a character's end.
std::string cleanText(std::string_view bytes, std::size_t limit);

} // namespace caisson::keeper
