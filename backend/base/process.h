// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson {

/// The path of a program that lies beside the running one; its bare name where /proc is missing.
std::string siblingProgram(std::string_view name);

/// Raises the soft limit on open files towards the hard one: journals and connections take
/// descriptors, and the default of 1024 is for programs that use select(2).
void raiseDescriptorLimit();

} // namespace caisson
