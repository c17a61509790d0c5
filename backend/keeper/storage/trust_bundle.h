// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/keeper/storage/etc_files.h"
#include "backend/keeper/storage/id_map.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

/// What makes the programs of a sandbox trust its own authority: the host's stores, each with this
/// one certificate more.
///
/// The authority is another at every start, and nothing of it belongs into what the sandbox has
/// written (its size, its snapshots, its list of changes). So the files lie in a layer of their own,
/// made anew at each start just above the base. Where the sandbox has made such a file its own, as
/// update-ca-certificates(8) does, refreshTrust() puts the new authority in place of the old one.
struct TrustFiles
{
    std::vector<OwnFile> root; ///< paths below "/", parents first
    std::vector<OwnFile> usr;  ///< paths below "/usr", which has an overlay of its own
    std::string bundle;        ///< inside: the host's authorities and this one
    std::string block;         ///< what stands in the files in PEM
    std::string der;
};

/// Reads this host's stores as they are now. BadRequest when `authorityPem` is no certificate.
/// `hostRoot` is "" but in tests.
Result<TrustFiles> trustFiles(const std::string& authorityPem, const std::string& hostRoot);

/// Looks at the files in the whole root, as the sandbox will see them, and mends what holds an
/// earlier authority or none. What the sandbox has removed or made a link stays as it is.
Result<void> refreshTrust(int root, const TrustFiles& files, IdRange ids);

/// A PEM file with the authority at its end, and without an earlier one.
std::string withAuthority(std::string_view pem, std::string_view block);

/// For programs that bring stores of their own and look here before. `bundle` as above.
std::map<std::string, std::string> trustEnvironment(const std::string& bundle);

} // namespace caisson::keeper
