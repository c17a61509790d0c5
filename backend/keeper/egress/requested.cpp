// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/requested.h"

#include "backend/keeper/egress/http/fields.h"
#include "backend/policy/host_name.h"
#include "backend/policy/path.h"

#include <algorithm>
#include <charconv>

namespace caisson::keeper {

namespace {

std::unexpected<Error> misdirected(std::string why)
{
    return fail(ErrorCode::PermissionDenied, std::move(why));
}

} // namespace

std::optional<NamedHost> namedHost(std::string_view text)
{
    // On the wire a name is in punycode (RFC 9110, 4.2.1 by RFC 3986); what else it could be mapped to
    // readers do not agree on.
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }))
        return std::nullopt;
    std::string_view host = text;
    std::string_view port;
    if (const std::size_t bracket = text.rfind(']'); bracket != std::string_view::npos) {
        host = text.substr(0, bracket + 1);
        port = text.substr(bracket + 1);
    } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    NamedHost authority;
    if (!port.empty()) {
        std::uint16_t number = 0;
        const char* last = port.data() + port.size();
        const auto [end, error] = std::from_chars(port.data() + 1, last, number);
        if (port.front() != ':' || error != std::errc() || end != last || number == 0)
            return std::nullopt;
        authority.port = number;
    }
    Result<std::string> canonical = policy::canonicalHost(host);
    if (!canonical)
        return std::nullopt;
    authority.host = std::move(*canonical);
    return authority;
}

Result<Wanted> requested(http::RequestHead& head, const RequestOrigin& origin)
{
    Wanted wanted;
    wanted.protocol = origin.protocol;
    wanted.host = origin.host;
    wanted.port = origin.port;
    wanted.method = head.method;
    if (!http::isToken(head.method))
        return fail(ErrorCode::BadRequest, "its method is none");
    std::string_view target = head.target;
    if (target.size() > kMaxTarget)
        return fail(ErrorCode::TooLarge, "its URL is longer than 16 KiB");
    if (!target.starts_with('/') && target != "*") {
        // The absolute form (RFC 9112, 3.2.2) names the host once more.
        const std::string prefix = std::string(wanted.scheme()) + "://";
        if (!http::equalsIgnoringCase(target.substr(0, prefix.size()), prefix))
            return fail(ErrorCode::BadRequest,
                        "its target is neither a path nor a URL of this scheme");
        target.remove_prefix(prefix.size());
        const std::size_t slash = target.find_first_of("/?");
        const auto named = namedHost(target.substr(0, slash));
        if (!named || named->host != wanted.host ||
            named->port.value_or(wanted.port) != wanted.port)
            return misdirected("its URL names another host than the one that was dialled, " +
                               wanted.host);
        target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
        if (target.front() == '?')
            return fail(ErrorCode::BadRequest, "its URL has no path");
    }
    if (head.authority.empty())
        return fail(ErrorCode::BadRequest, "it names no host");
    const auto named = namedHost(head.authority);
    if (!named)
        return fail(ErrorCode::BadRequest, "the host it names is none");
    if (named->host != wanted.host)
        return misdirected("it is for " + named->host + ", but " + wanted.host + " was dialled");
    const bool isWeb = wanted.port == 80 || wanted.port == 443;
    if (named->port ? *named->port != wanted.port : false)
        return misdirected("it is for port " + std::to_string(*named->port) + ", but port " +
                           std::to_string(wanted.port) + " was dialled");
    head.authority = wanted.host.contains(':') ? "[" + wanted.host + "]" : wanted.host;
    if (!isWeb || (wanted.port == 80) != (wanted.protocol == policy::Protocol::Http))
        head.authority += ":" + std::to_string(wanted.port);
    if (target == "*" && head.method == "OPTIONS") {
        wanted.target = "*";
    } else {
        Result<std::string> normalised = policy::normalisedTarget(target);
        if (!normalised)
            return std::unexpected(normalised.error());
        wanted.target = std::move(*normalised);
    }
    head.target = wanted.target;
    return wanted;
}

} // namespace caisson::keeper
