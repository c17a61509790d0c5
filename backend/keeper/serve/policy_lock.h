// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <string>

namespace caisson::keeper {

/// Who may change a sandbox's policy file: its keeper while one lives, else whoever answers a
/// request for it in the meantime. By flock(2), so that a process that was killed holds nothing.
///
/// A keeper takes `egress.lock` before it reads the policy and holds it as long as it lives.
/// Whoever answers for a stopped sandbox holds it, shared, only from reading the file to having
/// replaced it, so that a keeper that starts waits milliseconds; among themselves they take turns
/// by `egress.turn`.
class PolicyLock
{
public:
    /// Waits until nobody is changing the policy.
    static Result<PolicyLock> forKeeper(const std::string& folder);

    /// Conflict when a keeper lives: the change is its to make. Waits for others like us. To be
    /// taken once the whole request is there, and given back before it is answered.
    static Result<PolicyLock> forChange(const std::string& folder);

private:
    PolicyLock(UniqueFd lock, UniqueFd turn);
    UniqueFd m_lock;
    UniqueFd m_turn;
};

} // namespace caisson::keeper
