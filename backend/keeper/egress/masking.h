// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

/// Puts asterisks in the place of values in a stream of bytes; lengths stay. What could be the
/// beginning of a value is held back until the next bytes tell.
class Masker
{
public:
    /// Empty values are left out. Each is looked for as it is, as JSON has it in a string, and
    /// percent-encoded (RFC 3986, 2.1).
    explicit Masker(std::vector<std::string> values);
    ~Masker();
    Masker(const Masker&) = delete;
    Masker& operator=(const Masker&) = delete;

    /// The bytes that are certain by now, valid until the next call.
    std::string_view feed(std::span<const char> bytes);
    /// Those that were held back; another stream may follow.
    std::string_view finish();
    /// Of a whole text.
    std::string mask(std::string_view text) const;
    bool hasMasked() const { return m_hasMasked; }

private:
    void maskIn(std::string_view text, std::string& masked) const;
    std::size_t heldBack(std::string_view text) const;

    std::vector<std::string> m_values;
    std::string m_text;      ///< as it came: values may overlap, and one must not hide another
    std::string m_masked;    ///< the same, masked
    std::size_t m_given = 0; ///< how much of m_masked was returned by the last call
    mutable bool m_hasMasked = false;
};

} // namespace caisson::keeper
