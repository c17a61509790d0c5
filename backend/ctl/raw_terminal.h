// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <utility>

namespace caisson::ctl {

/// The terminal on standard input in raw mode (cfmakeraw(3)) as long as this lives. Its settings
/// come back when it is destroyed, and also when a signal ends the program (but KILL, which
/// nothing can catch). At most one at a time.
class RawTerminal
{
public:
    static Result<RawTerminal> enter();
    RawTerminal(RawTerminal&& other) noexcept
        : m_active(std::exchange(other.m_active, false))
    {
    }
    RawTerminal& operator=(RawTerminal&&) = delete;
    ~RawTerminal();

    /// What the shell's "stop" asks for: puts the settings back, stops the program, and is raw
    /// again when it goes on.
    void stopProgram();

private:
    RawTerminal() = default;
    bool m_active = true;
};

/// Whether a person sits at standard input.
bool hasTerminal();

struct WindowSize
{
    int cols = 80;
    int rows = 24;
};

/// Of the terminal on standard input or output; 80 by 24 without one.
WindowSize windowSize();

} // namespace caisson::ctl
