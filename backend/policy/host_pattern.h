// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/address.h"

#include <string>
#include <string_view>
#include <vector>

namespace caisson::policy {

/// The `host` of a rule with its labels in the form of canonicalHost(). InvalidName: not a name, not
/// an address, a star that is only a part of a label, or what was meant for addresses and fits none.
Result<std::string> canonicalHostPattern(std::string_view text);

/// Labels from the right, `*` for one, `**` for any number; or one address. An address has no
/// labels: of the wildcards only a `**` that stands alone, which means everything, fits one.
class HostPattern
{
public:
    /// Of what canonicalHostPattern() made.
    explicit HostPattern(std::string_view pattern);

    bool fits(std::string_view canonicalHost, bool isAddress) const;
    /// Set where the pattern is one address.
    const std::optional<Address>& address() const { return m_address; }
    /// The labels right of the last wildcard: "*.example.com" → "example.com"; a name as a whole.
    std::string_view literalEnd() const { return m_literalEnd; }

private:
    std::vector<std::string>
        m_wild; ///< up to the last wildcard, from the left; empty: a plain name
    std::string m_literalEnd;
    std::optional<Address> m_address;
};

} // namespace caisson::policy
