// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace caisson::init {

/// Why execve(2) said ENOENT of a program that was named by its path, as the rest of a sentence:
/// the file is there, but not the interpreter of its first line, or its loader. Empty where the
/// file itself is not there.
std::string missingInterpreter(const std::string& path);

} // namespace caisson::init
