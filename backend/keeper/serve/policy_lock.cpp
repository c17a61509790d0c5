// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/policy_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

namespace caisson::keeper {

namespace {

Result<UniqueFd> openLock(const std::string& path)
{
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file)
        return failErrno("cannot open " + path);
    return file;
}

/// False: somebody holds it, and `how` says not to wait.
Result<bool> lock(const UniqueFd& file, int how)
{
    while (::flock(file.get(), how) != 0) {
        if (errno == EWOULDBLOCK)
            return false;
        if (errno != EINTR)
            return failErrno("cannot lock the sandbox's policy");
    }
    return true;
}

} // namespace

PolicyLock::PolicyLock(UniqueFd lock, UniqueFd turn)
    : m_lock(std::move(lock))
    , m_turn(std::move(turn))
{
}

Result<PolicyLock> PolicyLock::forKeeper(const std::string& folder)
{
    Result<UniqueFd> file = openLock(folder + "/egress.lock");
    if (!file)
        return std::unexpected(file.error());
    if (const Result<bool> locked = lock(*file, LOCK_EX); !locked)
        return std::unexpected(locked.error());
    return PolicyLock(std::move(*file), {});
}

Result<PolicyLock> PolicyLock::forChange(const std::string& folder)
{
    Result<UniqueFd> file = openLock(folder + "/egress.lock");
    Result<UniqueFd> turn = openLock(folder + "/egress.turn");
    if (!file || !turn)
        return std::unexpected(file ? turn.error() : file.error());
    // The turn first: whoever waits for it must not keep a keeper waiting, too.
    if (const Result<bool> locked = lock(*turn, LOCK_EX); !locked)
        return std::unexpected(locked.error());
    const Result<bool> locked = lock(*file, LOCK_SH | LOCK_NB);
    if (!locked)
        return std::unexpected(locked.error());
    if (!*locked)
        return fail(ErrorCode::Conflict, "the sandbox was started at this very moment; try again");
    return PolicyLock(std::move(*file), std::move(*turn));
}

} // namespace caisson::keeper
