// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/capture/capture.h"

#include <cstdint>

namespace caisson::keeper {

/// The inode of the sandbox's end of a connection, by sock_diag(7); 0 where it has none: closed by
/// now, or nobody holds it. `socketDiagnosis` is CaptureSockets' own.
std::uint64_t socketInode(int socketDiagnosis, const CapturedConnection& connection);

} // namespace caisson::keeper
