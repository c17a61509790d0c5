// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/types.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/egress/capture/capture.h"
#include "backend/policy/decide.h"

#include <memory>
#include <sys/types.h>

namespace caisson::keeper {

/// A process inside at the time of its connect(2). Shared by the requests of one connection.
struct FoundProcess
{
    api::EgressProcess info; ///< pids as inside; parents up to, and without, init
    pid_t hostPid = 0;       ///< as the keeper's /proc has it; 0: it could not be found
    UniqueFd process;        ///< its pidfd: readable once it has ended
    std::unique_ptr<const policy::ProgramNames> otherNames;
};

/// Returns once it has ended; at once when it is not known.
api::Task<void> waitEnded(std::shared_ptr<const FoundProcess> process);

/// Finds who owns the other end of a captured connection: the socket's inode by sock_diag(7), then
/// the process below init whose /proc/PID/fd holds it. What a process says of itself (cmdline) is
/// hostile text: bounded, lossy UTF-8 without control characters.
///
/// A socket that several hold (inherited over fork(2)) is the newest one's, unless one of them had a
/// connection before. At connect it is mostly one: who dials, forks afterwards. Who is in another
/// network namespace than init's is not found.
class ProcessFinder
{
public:
    /// `init`: in the keeper's pid namespace.
    ProcessFinder(pid_t init, UniqueFd socketDiagnosis);
    ~ProcessFinder();

    /// Never fails: who cannot be found is pid 0, and nobody is guessed. Microseconds where the owner
    /// has it at the descriptor of its last connection or the next; else a search over all processes
    /// inside, bounded to 10,000 and 20 ms of processor time, with the ends of each table of descriptors
    /// before the middle of any. Searches get a fifth of the time at most; beyond that they are short,
    /// or left out.
    std::shared_ptr<const FoundProcess> find(const ClientEnd& connection);

    /// The names of whatever program is at that path inside now.
    std::unique_ptr<const policy::ProgramNames> namesOf(const std::string& path);

    /// Whether nobody inside has the connection's socket any more, of which nothing else need be
    /// known: who has finished writing and who has closed look the same from here. Microseconds.
    bool isClosed(const ClientEnd& connection) const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
