// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace caisson::init {

/// Both ends of a pseudo-terminal of the sandbox's own devpts.
struct Pty
{
    UniqueFd master; ///< non-blocking
    UniqueFd slave;
};

/// `owner`: the user who will work on it, who must be able to open it by name again (tmux, sudo).
Result<Pty> openPty(std::int64_t cols, std::int64_t rows, uid_t owner);

/// TIOCSWINSZ: programs on the terminal get SIGWINCH. BadRequest for sizes no terminal has.
Result<void> resizePty(int master, std::int64_t cols, std::int64_t rows);

/// What must be typed so that a program reading the terminal sees the end of its input. In
/// canonical mode VEOF ends the line so far; the end it is only at the start of one, so after a
/// partial line it takes two (termios(3)).
std::string endOfInput(int master, bool afterPartialLine);

} // namespace caisson::init
