// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/replay_fence.h"

#include <algorithm>

namespace caisson::ctl {

std::string_view ReplayFence::pass(std::string_view bytes)
{
    if (m_state == State::Open)
        return bytes;
    // An old status query in the history is answered like ours, so that this may open too early by
    // the answers between the two. They are rare, and few bytes.
    if (m_state == State::Asked) {
        const std::string seen = m_tail + std::string(bytes);
        if (const std::size_t at = seen.find(kAnswer); at != std::string::npos) {
            m_state = State::Open;
            return bytes.substr(at + kAnswer.size() - m_tail.size());
        }
        m_tail = seen.substr(seen.size() - std::min(seen.size(), kAnswer.size() - 1));
    }
    return {};
}

} // namespace caisson::ctl
