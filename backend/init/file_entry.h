// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"

#include <string>
#include <string_view>

struct stat;

namespace caisson::init {

/// BadRequest unless `path` is absolute and without NUL.
Result<void> checkPath(const std::string& path);

/// Without trailing slashes; "/" stays.
std::string withoutTrailingSlashes(std::string path);
/// The last component; "/" for the root.
std::string baseName(const std::string& path);
/// All before the last component, without trailing slash; "/" for what is in the root.
std::string folderOf(const std::string& path);

/// As errnoError, with the file's sentence for what only files meet: EBUSY is Conflict.
Error fileError(int number, std::string_view what, const std::string& path);
std::unexpected<Error> failFile(std::string_view what, const std::string& path);

/// Inode, time of last change in nanoseconds and size, quoted: any write changes it.
std::string etagOf(const struct stat& info);

api::FileEntry entryOf(std::string name, const struct stat& info);

/// `follow`: of what a symlink leads to, under the link's name.
Result<api::FileEntry> readEntry(const std::string& path, bool follow);

/// Of `name` within `folder`, links not followed, with where they lead. `path` is for the sentence.
Result<api::FileEntry> readEntryAt(int folder, const std::string& name, const std::string& path);

} // namespace caisson::init
