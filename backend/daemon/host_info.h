// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

namespace caisson::daemon {

/// What this host is, and what of it sandboxes can use. Reads a few small files.
api::HostInfo describeHost();

} // namespace caisson::daemon
