// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/host_name.h"

#include <algorithm>
#include <idn2.h>
#include <libpsl.h>
#include <memory>
#include <string>

namespace caisson::policy {

namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestName = 253;

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isLabelCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-' || c == '_';
}

/// Resolvers read such a label as the end of an IPv4 address (WHATWG URL, "ends in a number"), in
/// which each of them has other ideas of octal, hexadecimal and missing parts.
bool isNumber(std::string_view label)
{
    if (std::ranges::all_of(label, isDigit))
        return true;
    return label.starts_with("0x") && std::ranges::all_of(label.substr(2), [](char c) {
               return isDigit(c) || (c >= 'a' && c <= 'f');
           });
}

std::unexpected<Error> refuse(std::string_view why)
{
    return fail(ErrorCode::InvalidName, "This is no host name: " + std::string(why));
}

Result<std::string> toPunycode(std::string_view name)
{
    const std::string terminated(name);
    std::uint8_t* raw = nullptr;
    const int outcome = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()),
                                       &raw, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owned(raw, &idn2_free);
    if (outcome != IDN2_OK)
        return refuse(std::string(idn2_strerror(outcome)) + ".");
    return std::string(reinterpret_cast<const char*>(raw));
}

} // namespace

Result<std::string> canonicalHost(std::string_view text)
{
    if (text.starts_with('[')) {
        const auto address =
            text.ends_with(']') ? Address::parse(text.substr(1, text.size() - 2)) : std::nullopt;
        if (!address || address->isV4())
            return refuse("only an IPv6 address stands in brackets.");
        return address->toString();
    }
    if (const auto address = Address::parse(text))
        return address->toString();

    if (text.ends_with('.'))
        text.remove_suffix(1);
    // Four bytes a character at most, before they become punycode.
    if (text.empty() || text.size() > 4 * kLongestName)
        return refuse("it is empty or too long.");
    if (text.contains('\0'))
        return refuse("it holds a NUL.");
    std::string name;
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        name = text;
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    } else {
        Result<std::string> converted = toPunycode(text);
        if (!converted)
            return converted;
        name = std::move(*converted);
    }

    if (name.size() > kLongestName)
        return refuse("it has more than 253 characters.");
    std::size_t begin = 0;
    while (true) {
        const std::size_t end = std::min(name.find('.', begin), name.size());
        const std::string_view label = std::string_view(name).substr(begin, end - begin);
        if (label.empty() || label.size() > kLongestLabel)
            return refuse("between its dots stand 1 to 63 characters.");
        if (!std::ranges::all_of(label, isLabelCharacter))
            return refuse("it holds other characters than letters, digits, '-' and '_'.");
        if (end == name.size()) {
            if (isNumber(label))
                return refuse("it is an address in an unusual spelling.");
            return name;
        }
        begin = end + 1;
    }
}

std::string_view mainDomain(std::string_view canonicalHost)
{
    if (Address::parse(canonicalHost))
        return canonicalHost;
    // Names are in lower case and punycode, as psl_registrable_domain() wants them.
    const std::string host(canonicalHost);
    const char* found = psl_registrable_domain(psl_builtin(), host.c_str());
    // None: it is a public suffix itself, or one label.
    return found ? canonicalHost.substr(static_cast<std::size_t>(found - host.c_str()))
                 : canonicalHost;
}

bool isPublicSuffix(std::string_view canonicalHost)
{
    return !Address::parse(canonicalHost) &&
           psl_is_public_suffix(psl_builtin(), std::string(canonicalHost).c_str()) != 0;
}

} // namespace caisson::policy
