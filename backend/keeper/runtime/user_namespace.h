// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <string>

namespace caisson::keeper {

/// Ids of a whole sandbox: 0 to 65,535, as login.defs(5) hands out subordinate ids.
inline constexpr std::int64_t kSandboxIds = 65536;

struct UserNamespace
{
    std::int64_t ids = 1; ///< how many there are, from 0
    std::string note;     ///< why there is only one; empty if there are more
};

/// Puts this single-threaded process into a user namespace of its own, in which it is root: 0 is
/// the person who started it, the ids after it are their subordinate ones (subuid(5)), set by
/// newuidmap(1) and newgidmap(1). Where there are none, 0 is all there is.
Result<UserNamespace> enterUserNamespace();

/// Whether this process is in the host's user namespace, in which every id is mapped to itself.
bool isInitialUserNamespace();

} // namespace caisson::keeper
