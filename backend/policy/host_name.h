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

/// For showing: the registrable domain of a canonical host is not known without the public suffix
/// list; this is its last two labels, or three where the last but one is at most three letters and
/// the last is two ("example.co.uk"); an address as a whole.
std::string_view mainDomain(std::string_view canonicalHost);

} // namespace caisson::policy
