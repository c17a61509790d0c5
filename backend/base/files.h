// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace caisson {

/// The whole of a small file; TooLarge over `limit` bytes.
Result<std::string> readFile(const std::string& path, std::size_t limit = 16u << 20);

/// Replaces `path` with `content`: write to a neighbour, fsync, rename, fsync of the folder. After
/// a crash the file is the old one or the new one.
Result<void> writeFileAtomically(const std::string& path, std::string_view content,
                                 unsigned mode = 0600);

/// Writes all of `bytes` to a blocking descriptor.
Result<void> writeAll(int fd, std::string_view bytes);

} // namespace caisson
