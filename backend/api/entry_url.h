// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <string>

namespace caisson::api {

/// Where a row of the log led: a URL, of a stream tcp://host:port or tls://host:port. The ports 80 of http
/// and 443 of https are left out. What a request asked for is in it only where that is a path.
std::string urlOf(const EgressEntry& entry);

/// What a request asked for that is no path, as CONNECT's, `*` or the absolute URL that was refused
/// because it named another host; empty: it asked for a path.
std::string oddTargetOf(const EgressEntry& entry);

} // namespace caisson::api
