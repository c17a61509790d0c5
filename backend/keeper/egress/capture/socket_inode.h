// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/capture/capture.h"

#include <cstdint>
#include <optional>

namespace caisson::keeper {

/// The inode of the sandbox's end of a connection, by sock_diag(7); 0 where it has none: closed by
/// now, so that nobody holds it. None: the kernel does not say. `socketDiagnosis` is
/// CaptureSockets' own.
std::optional<std::uint64_t> socketInode(int socketDiagnosis, const ClientEnd& connection);

} // namespace caisson::keeper
