// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/relay.h"
#include "backend/keeper/egress/sniff.h"

#include <algorithm>

namespace caisson::keeper {

/// Of a first line. Servers refuse longer ones as requests.
inline constexpr std::size_t kLongLine = 16 * 1024;
/// Of one that is watched as it passes. It costs nothing but looking.
inline constexpr std::size_t kMostWatched = 1024 * 1024;

/// Looks on at a stream that passes with its first line open. An origin that has said something
/// is no server of HTTP/1, so then nothing is looked for any more.
///
/// Once it is HTTP the connection outside is reset, and the one inside goes on as if it had only now
/// begun, with all that was said: as a request it is decided before any of it goes out again. What
/// went out before was no request, since the line was open, and was let pass as a stream; an origin
/// that is reset then has nothing to answer.
class LineWatch
{
public:
    /// `sent`: of the line.
    explicit LineWatch(std::string_view sent)
        : m_text(sent)
        , m_left(isOpenText(sent) && sent.size() < kMostWatched ? kMostWatched - sent.size() : 0)
    {
        m_line.feed(sent);
    }
    Onward look(std::span<const char> bytes, Outside outside)
    {
        if (m_left == 0 || outside == Outside::HasSpoken)
            return Onward::Pass;
        m_left -= std::min(m_left, bytes.size());
        if (m_text.size() <= kLongLine)
            m_text.append(bytes.data(), bytes.size());
        if (m_line.feed({bytes.data(), bytes.size()}) != Speech::Http1)
            return Onward::Pass;
        // No server takes a longer line for a request.
        return m_text.size() <= kLongLine ? Onward::TakeOver : Onward::Break;
    }
    bool wasHttp() const { return m_line.speech() == Speech::Http1; }
    /// All that was said, where it was HTTP and is taken over.
    std::string takeText() { return std::move(m_text); }

private:
    std::string m_text;
    std::size_t m_left;
    FirstLine m_line;
};

} // namespace caisson::keeper
