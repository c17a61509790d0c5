// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace caisson::policy {

/// The parts of a text between separators, from the left, without any copy.
class Parts
{
public:
    Parts(std::string_view text, char separator)
        : m_text(text)
        , m_separator(separator)
        , m_end(find(0))
    {
    }
    /// None at all, where the text above would be one empty part.
    static Parts none(char separator)
    {
        Parts parts({}, separator);
        parts.m_begin = std::string_view::npos;
        return parts;
    }

    bool atEnd() const { return m_begin == std::string_view::npos; }
    std::string_view operator*() const { return m_text.substr(m_begin, m_end - m_begin); }
    Parts& operator++()
    {
        if (m_end == m_text.size()) {
            m_begin = std::string_view::npos;
        } else {
            m_begin = m_end + 1;
            m_end = find(m_begin);
        }
        return *this;
    }

private:
    std::size_t find(std::size_t from) const
    {
        const std::size_t at = m_text.find(m_separator, from);
        return at == std::string_view::npos ? m_text.size() : at;
    }

    std::string_view m_text;
    char m_separator;
    std::size_t m_begin = 0;
    std::size_t m_end;
};

/// Whether a pattern of parts, in which some stand for any number of parts, fits. It goes back
/// only to the last of these, so it takes at most the product of both lengths.
template<class Part, class IsAnyNumber, class FitsOne>
bool fitsParts(std::span<const Part> pattern, Parts parts, IsAnyNumber isAnyNumber, FitsOne fitsOne)
{
    std::size_t at = 0;
    std::size_t retryPattern = pattern.size();
    Parts retryParts = parts;
    while (!parts.atEnd()) {
        if (at < pattern.size() && isAnyNumber(pattern[at])) {
            retryPattern = at++;
            retryParts = parts;
        } else if (at < pattern.size() && fitsOne(pattern[at], *parts)) {
            ++at;
            ++parts;
        } else if (retryPattern < pattern.size()) {
            at = retryPattern + 1;
            parts = ++retryParts;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && isAnyNumber(pattern[at]))
        ++at;
    return at == pattern.size();
}

} // namespace caisson::policy
