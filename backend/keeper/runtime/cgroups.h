// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caisson::keeper {

/// Processes and threads a sandbox may have when it asks for no number.
inline constexpr std::int64_t kDefaultPids = 1024;

/// The cgroups of a sandbox, one in each hierarchy that bounds something. The keeper makes them
/// itself and starts the runtime inside, rather than have the runtime do it: so it works the same
/// on version 1, version 2 and hybrid hosts (the last crun refuses), and costs nothing for the
/// controllers that nobody asked for.
///
/// On version 2 the group is made beside the keeper's own or further up, where its user may: a
/// group that hands controllers down may not have processes itself (cgroups(7)).
class Cgroups
{
public:
    /// Makes the groups and writes the limits. A limit that cannot be had is no error: it stays 0
    /// in applied(), with a note. `record` is a file that lists the groups, for removeCgroups()
    /// after the keeper was killed.
    static Result<Cgroups> create(const std::string& sandboxId, const api::Limits& asked,
                                  const std::string& record);

    const api::AppliedLimits& applied() const { return m_applied; }

    /// The bound on processes for setrlimit(RLIMIT_NPROC), where there is no cgroup for it; else 0.
    std::int64_t processLimit() const { return m_processLimit; }

    /// Open files: a process of one thread that writes "0" to each is in the groups of version 1.
    const std::vector<UniqueFd>& entries() const { return m_entries; }

    /// The group of version 2, where there is one.
    struct Unified
    {
        UniqueFd folder; ///< for clone3(2) with CLONE_INTO_CGROUP
        UniqueFd entry;  ///< or what a process writes "0" to
    };
    const std::optional<Unified>& unified() const { return m_unified; }

    /// Where the groups are.
    const std::vector<std::string>& folders() const { return m_folders; }

private:
    api::AppliedLimits m_applied;
    std::int64_t m_processLimit = 0;
    std::vector<UniqueFd> m_entries;
    std::optional<Unified> m_unified;
    std::vector<std::string> m_folders;
};

/// fork(2) of a child that begins in the group of version 2 whose folder that is: -1 with ENOSYS
/// where the kernel, or a filter around this process, knows no clone3(2). The child of a process
/// with threads may do no more than signal-safety(7) allows.
pid_t forkInto(int groupFolder);

/// Whether the kernel has killed a process of folders() since the memory that they may have was used
/// up.
bool ranOutOfMemory(const std::vector<std::string>& folders);

/// Ends every process in the groups that `record` lists, removes the groups, then the record. No
/// record: nothing to do.
Result<void> removeCgroups(const std::string& sandboxId, const std::string& record);

/// The same for folders() of groups that this process has made, whose record may have been deleted.
Result<void> removeCgroups(const std::vector<std::string>& folders);

} // namespace caisson::keeper
