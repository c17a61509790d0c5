// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

namespace caisson::keeper {

/// Where this host keeps the authorities that it trusts. Empty: it has none there.
struct HostTrust
{
    std::string bundle;       ///< a file of certificates in PEM
    std::string hashedFolder; ///< one file each, found by openssl-rehash(1)'s links
};

/// Distributions differ; looked for where those do that people use. `hostRoot` is "" but in tests.
HostTrust findHostTrust(const std::string& hostRoot);

/// Where bundles are looked for, absolute paths.
std::span<const char* const> hostBundles();

} // namespace caisson::keeper
