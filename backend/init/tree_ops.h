// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>
#include <sys/types.h>

/// Whole trees. They block for as long as it takes: for workers only.
namespace caisson::init {

/// Makes `to`, which must not exist, a copy of `from`: contents, modes, owners where they can be
/// given, times of files, symlinks as symlinks. What is half done when it fails is removed again.
Result<void> copyTree(const std::string& from, const std::string& to);

/// Removes `path` and all below it, and follows no link. A mount point is Conflict before anything
/// is touched: its content would be gone and it still there.
Result<void> removeTree(const std::string& path);

/// Makes the folder and its missing parents, 0755. One that is there already is fine.
Result<void> makeFolders(const std::string& path);

/// Gives an open file the mode of the one it replaces or copies. Where set-ID bits are refused, as
/// in a sandbox with a folder of the host (keeper/runtime/argument_filter.h), without these: any
/// write would have taken them, too. False: errno says why.
bool keepMode(int fd, mode_t mode);

} // namespace caisson::init
