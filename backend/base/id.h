// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace caisson {

/// Twelve random lower-case hexadecimal digits from getrandom(2): 48 bits, plenty for one host.
std::string randomId();

} // namespace caisson
