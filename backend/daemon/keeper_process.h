// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/keeperlink.h"
#include "backend/api/paths.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace caisson::daemon {

/// Starts a keeper in a session of its own: its standard input is `start`, its log the sandbox's
/// keeper.log, and descriptor 3 a socket that listens at keeperSocket() before this returns.
/// The keeper is nobody's child: it outlives caissond. Returns its process id.
Result<pid_t> spawnKeeper(const api::Paths& paths, const api::KeeperStart& start);

/// Starts a keeper that answers one request from the folder of a sandbox that does not run, and
/// leaves: `connection` is its descriptor 3, its standard input the names of all secrets (a line of
/// SecretValues), then what was read of the connection. Like a keeper it is nobody's child.
Result<void> spawnAnswer(const api::Paths& paths, const std::string& sandbox, UniqueFd connection,
                         const std::vector<std::string>& secrets, std::string_view alreadyRead);

/// Kills a keeper that does not do what it is told, and its sandbox with it. Nothing happens when
/// the process of that number is not (or no longer) the keeper of this sandbox.
Result<void> killKeeper(const std::string& sandbox, std::int64_t pid);

/// Ends and removes what a keeper that is gone has left behind; returns when it is done.
api::Task<Result<void>> clearUpAfterKeeper(const api::Paths& paths, std::string sandbox);

/// Deletes a removed sandbox's folder, whose files belong to ids that only a keeper's user
/// namespace can touch; returns when it is done. Goes on if caissond does not.
api::Task<Result<void>> deleteFolder(const api::Paths& paths, std::string sandbox,
                                     std::string folder);

} // namespace caisson::daemon
