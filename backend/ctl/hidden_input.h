// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <optional>
#include <string>

namespace caisson::ctl {

/// Asks for one line on the terminal this program runs at, whatever its standard streams are, and
/// does not show what is typed. Unavailable without a terminal. Ctrl-C is an empty answer's error,
/// so that the terminal shows what is typed again.
Result<std::string> askHidden(const std::string& question);

/// All of standard input, at most `limit` bytes of it; TooLarge over that.
Result<std::string> readStandardInput(std::size_t limit);

/// One line for whoever named a file in CAISSON_PASSPHRASE_FILE that others may read; empty: none is.
std::string passphraseFileAdvice();

/// The passphrase in the file that CAISSON_PASSPHRASE_FILE names, as the service reads it: without one
/// newline at its end. None: the variable names no file.
std::optional<Result<std::string>> passphraseFromFile();

/// Overwrites what is in it.
void wipe(std::string& text);

} // namespace caisson::ctl
