// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/keeper/storage/id_map.h"

#include <string>

namespace caisson::keeper {

/// dpkg refuses any work when its database names an account that does not exist ("unknown system
/// group 'ssl-cert' in statoverride file"), and a sandbox has none of the accounts that the host's
/// packages have made. The lines of dpkg-statoverride(1) without those that name such.
std::string ownOverrides(const std::string& statOverride);

/// Puts the shortened file into the sandbox's database, given as an open folder of its root. A file
/// that the sandbox has written itself should not be treated so.
Result<void> shortenOverrides(int database, IdRange ids);

} // namespace caisson::keeper
