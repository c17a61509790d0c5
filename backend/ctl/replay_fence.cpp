// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/replay_fence.h"

namespace caisson::ctl {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\a'; // ends a string for most terminals, as ESC \ does

} // namespace

/// Takes the next byte of a sequence; true when it was the last (ECMA-48, 5.4 and 8.3).
bool ReplayFence::endsSequence(char byte)
{
    m_sequence += byte;
    if (m_sequence.size() == 2)
        return std::string_view("[O]PX^_").find(byte) == std::string_view::npos;
    switch (m_sequence[1]) {
    case '[':
        return byte >= '@' && byte <= '~';
    case 'O':
        return true; // SS3 and the one it shifts
    default:
        return byte == kBell || m_sequence.ends_with("\x1b\\");
    }
}

std::string ReplayFence::pass(std::string_view bytes)
{
    std::string typed;
    while (!bytes.empty()) {
        if (m_isOpen)
            return typed.append(bytes);
        const char byte = bytes.front();
        bytes.remove_prefix(1);
        if (m_sequence.empty() && byte != kEscape) {
            typed += byte;
        } else if (endsSequence(byte)) {
            // An old status query in the history is answered like ours, so that this may open too
            // early by the answers between the two. They are rare, and few bytes.
            m_isOpen = m_isAsked && m_sequence == kAnswer;
            m_sequence.clear();
        }
    }
    return typed;
}

} // namespace caisson::ctl
