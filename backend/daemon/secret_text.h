// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson::daemon {

/// Bytes that are overwritten before their memory is given back: the value of a secret, or what
/// opens one. Copied by name only.
class SecretText
{
public:
    SecretText() = default;
    explicit SecretText(std::string_view bytes);
    SecretText(SecretText&& other) noexcept;
    SecretText& operator=(SecretText&& other) noexcept;
    ~SecretText();

    std::string_view view() const { return m_bytes; }
    bool empty() const { return m_bytes.empty(); }
    SecretText copy() const { return SecretText(m_bytes); }

private:
    std::string m_bytes; ///< never grows: that would leave its old place behind
};

/// Overwrites a string where it lies and empties it.
void cleanse(std::string& bytes);

} // namespace caisson::daemon
