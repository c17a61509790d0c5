// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/address.h"

#include <set>

namespace caisson::keeper {

/// Where a sandbox comes only by a rule that says `private`: private and loopback addresses
/// (policy::isPrivate()), and those of this host, whose services would take the keeper for a local
/// program.
class InnerAddresses
{
public:
    /// As the host's interfaces are now (getifaddrs(3)).
    static Result<InnerAddresses> read();

    bool contains(const policy::Address& address) const;

private:
    std::set<policy::Address> m_own;
};

/// Whether a host is an inner address, written as such. A name is none, wherever it leads: that is
/// looked at when it is dialled. Where the interfaces cannot be read, every address may be one.
bool isInnerAddress(std::string_view host);

} // namespace caisson::keeper
