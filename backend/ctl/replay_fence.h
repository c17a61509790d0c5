// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson::ctl {

/// Keeps a terminal's answers to old questions out of what is typed. A journal holds the queries
/// that programs once sent (DA, DSR, colours); replaying it makes the terminal answer them again,
/// and the program of today would read that as typing. Answers are control sequences, so none is
/// passed on while history is replayed; then the terminal is asked one question of ours, and what
/// comes after the answer was typed by a person. Plain keys always are, and always pass.
class ReplayFence
{
public:
    /// "Report your status", and a terminal's answer "ready" (ECMA-48, 8.3.35).
    static constexpr std::string_view kQuestion = "\x1b[5n";
    static constexpr std::string_view kAnswer = "\x1b[0n";

    /// History is over; kQuestion was written to the terminal.
    void ask() { m_isAsked = true; }
    /// From here on everything is passed on: there was no history, or a terminal does not answer.
    void open() { m_isOpen = true; }

    /// What of the bytes from the terminal is to be passed on.
    std::string pass(std::string_view bytes);

private:
    bool endsSequence(char byte);

    bool m_isAsked = false;
    bool m_isOpen = false;
    std::string m_sequence; ///< begun and not ended
};

} // namespace caisson::ctl
