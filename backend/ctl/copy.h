// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ctl/verbs.h"

#include <optional>
#include <string>
#include <string_view>

namespace caisson::ctl {

/// "NAME:/path": a place in a sandbox.
struct SandboxPath
{
    std::string sandbox;
    std::string path; ///< absolute
};

/// nullopt for a place on this machine, such as "a:b" or "./name:/x".
std::optional<SandboxPath> parseSandboxPath(std::string_view text);

/// Copying as cp -r does it: into `to` if that is a folder, else as `to`; a symlink below a copied
/// folder stays one, the source itself is followed; "-" is standard input or output; ending a
/// folder in "/." means what is in it. Modes are kept. What cannot be copied is named and passed
/// over, and ends with 125.
api::Task<Result<int>> copyIn(Session& session, std::string from, SandboxPath to);
api::Task<Result<int>> copyOut(Session& session, SandboxPath from, std::string to);

// Shared by the two directions.

inline constexpr std::string_view kStandardStream = "-";
inline constexpr std::size_t kCopyChunk = 256 * 1024;

std::string joinPath(std::string_view folder, std::string_view name);

/// The last component; "" for "/", "." and "..".
std::string lastName(std::string_view path);

/// Whether `path` ends in "/." or is ".": what is in the folder is meant.
bool meansContents(std::string_view path);

/// The file is not there; not said of the sandbox itself.
bool isMissingFile(const Error& error);

/// After these, going on with the rest of a tree makes no sense.
bool endsCopying(const Error& error);

} // namespace caisson::ctl
