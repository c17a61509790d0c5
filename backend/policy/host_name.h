// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/policy/address.h"

#include <string>
#include <string_view>
#include <vector>

namespace caisson::policy {

/// The one form in which names are compared, decided on and dialled: lower case, punycode (IDNA
/// 2008), no dot at the end; or an address as Address::toString() has it. `text` may be an address
/// in brackets. InvalidName for what is neither: empty or long labels (RFC 1035), other characters
/// than letters, digits, '-' and '_', an address in an odd spelling (a last label that is a number).
Result<std::string> canonicalHost(std::string_view text);

/// The part of a canonical host that somebody registered, by the public suffix list, whose private
/// part counts, too: "a.b.example.co.uk" → "example.co.uk", "me.github.io" is its own. Of what is
/// itself a suffix ("co.uk", "github.io"), of one label and of an address, the whole.
std::string_view mainDomain(std::string_view canonicalHost);
/// Whether anybody may have registered what is below a canonical host: "co.uk", "github.io", and each
/// single label.
bool isPublicSuffix(std::string_view canonicalHost);

} // namespace caisson::policy
