// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson::keeper {

/// What the first bytes of a connection say it speaks. A rule for streams must let no request and no
/// TLS pass unseen, so whatever some server would take for one counts as one, also where it is
/// malformed: its parser then refuses it.
enum class Speech {
    Unsure, ///< too few bytes to tell
    Tls,
    Http1,
    Http2, ///< in clear, by prior knowledge (RFC 9113, 3.3)
    Other
};

Speech speechOf(std::string_view bytes);

/// The first line of what may be HTTP in clear, however many pieces it comes in.
class FirstLine
{
public:
    /// What it is with these bytes: Http1, Other, or Unsure while it may still become either. What is
    /// sure stays so.
    Speech feed(std::string_view bytes);
    Speech speech() const { return m_speech; }

private:
    void feed(char c);

    enum class Part { Before, Method, Spaces, Rest };
    Part m_part = Part::Before;
    std::string m_method;      ///< its beginning, in lower case
    std::size_t m_version = 0; ///< so much of "http/" stands at the end of what came
    bool m_isPath = false;     ///< what follows the method begins with a slash
    Speech m_speech = Speech::Unsure;
};

/// The same of bytes that nothing may be waited for to follow, while more could: what could still
/// become TLS or HTTP is taken for that, or whoever pauses in the midst of it would pass.
Speech speechSoFar(std::string_view bytes);

/// Whether these are the beginning of a line of text and no more: many protocols other than HTTP
/// begin so, and some never end the line.
bool isOpenText(std::string_view bytes);

} // namespace caisson::keeper
