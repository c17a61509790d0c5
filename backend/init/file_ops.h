// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/base/error.h"

#include <string>

/// The requests about files that are one question and one answer (initwire.h). They block: for
/// workers only. Paths are the sandbox's, since init lives in it; links mean what they mean inside.
namespace caisson::init {

Result<api::FileEntry> statFile(const api::PathRequest& request);
Result<api::FileEntry> makeFolder(const api::PathRequest& request);
Result<void> removeFile(const api::PathRequest& request);
Result<api::FileEntry> moveFile(const api::MoveRequest& request);
Result<api::FileEntry> copyFile(const api::MoveRequest& request);

/// Gives what is at `temporary` the name `path`. Exists if there is something and `overwrite` is
/// not set; otherwise what was there is replaced in one step, a whole folder too.
Result<void> putInPlace(const std::string& temporary, const std::string& path, bool overwrite);

} // namespace caisson::init
