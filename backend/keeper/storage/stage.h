// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <string>
#include <vector>

namespace caisson::keeper {

/// A small tmpfs, in the keeper's own mount namespace, on which a sandbox's root is put together.
///
/// It does not lie in the data folder because the runtime enters the sandbox's user namespace
/// before it enters the root: root inside is nobody on the host and may not pass a home folder of
/// mode 0700. It covers a folder which every host has and which the keeper needs nothing of, so
/// that nothing has to be made on the host, and nothing is left when the keeper dies.
struct Stage
{
    std::string path; ///< for the keeper, e.g. "/media"
    UniqueFd folder;  ///< O_PATH, its root
};

/// `needed`: absolute paths that the keeper still opens later; none of them gets covered.
Result<Stage> mountStage(const std::vector<std::string>& needed);

} // namespace caisson::keeper
