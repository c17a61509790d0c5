// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson::ctl {

/// Keeps a terminal's answers to old questions out of what is typed. A journal holds the queries
/// that programs once sent (DA, DSR, colours); replaying it makes the terminal answer them again,
/// and the program of today would read that as typing. So nothing is passed on while history is
/// replayed; then the terminal is asked one question of ours, and only what comes after the answer
/// was typed by a person.
class ReplayFence
{
public:
    /// "Report your status", and a terminal's answer "ready" (ECMA-48, 8.3.35).
    static constexpr std::string_view kQuestion = "\x1b[5n";
    static constexpr std::string_view kAnswer = "\x1b[0n";

    /// History is over; kQuestion was written to the terminal.
    void ask() { m_state = State::Asked; }
    /// From here on everything is passed on: there was no history, or a terminal does not answer.
    void open() { m_state = State::Open; }
    bool isOpen() const { return m_state == State::Open; }

    /// What of the bytes from the terminal is to be passed on.
    std::string_view pass(std::string_view bytes);

private:
    enum class State { Replaying, Asked, Open };
    State m_state = State::Replaying;
    std::string m_tail; ///< the end of what came before, for an answer in two reads
};

} // namespace caisson::ctl
