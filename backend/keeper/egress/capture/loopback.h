// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

namespace caisson::keeper {

enum class Families { V4, V4AndV6 };

/// Brings up lo in the calling thread's network namespace, gives it the sandbox's addresses, and
/// makes every address of both families a local one. Says whether there is IPv6: some hosts have
/// none (ipv6.disable=1), and then nothing inside can send it either.
Result<Families> makeEverythingLocal();

} // namespace caisson::keeper
