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

/// For processes that hold secrets: no core dump, neither as a file nor by what core(5) pipes it to,
/// holds any of their memory. Children inherit both.
void forbidCoreDumps();

/// Undoes forbidCoreDumps() for programs that hold none; the limit may be raised anyway.
void allowMemoryInCoreDumps();

} // namespace caisson
