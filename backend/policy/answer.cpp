// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/answer.h"

#include "backend/policy/host_name.h"
#include "backend/policy/path.h"
#include "backend/policy/rule_check.h"

#include <algorithm>
#include <array>

namespace caisson::policy {

namespace {

constexpr std::array<std::pair<Scope, std::string_view>, 4> kScopes{{{Scope::Request, "request"},
                                                                     {Scope::Path, "path"},
                                                                     {Scope::Host, "host"},
                                                                     {Scope::Domain, "domain"}}};

constexpr std::array<std::pair<Duration, std::string_view>, 5> kDurations{
    {{Duration::Once, "once"},
     {Duration::Process, "process"},
     {Duration::Quarter, "15m"},
     {Duration::Session, "session"},
     {Duration::Always, "always"}}};

template<class Value, std::size_t N>
std::optional<Value> valueOf(const std::array<std::pair<Value, std::string_view>, N>& names,
                             std::string_view name)
{
    for (const auto& [value, word] : names) {
        if (word == name)
            return value;
    }
    return std::nullopt;
}

template<class Value, std::size_t N>
std::string_view nameOf(const std::array<std::pair<Value, std::string_view>, N>& names, Value value)
{
    for (const auto& [known, word] : names) {
        if (known == value)
            return word;
    }
    return {};
}

/// A path or a query as a pattern that fits only itself.
std::string literal(std::string_view text)
{
    std::string pattern;
    for (const char c : text) {
        if (c == '*' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern;
}

std::string upper(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return result;
}

bool isHttp(const Request& request)
{
    return request.protocol == Protocol::Http || request.protocol == Protocol::Https;
}

} // namespace

std::optional<Scope> scopeFromName(std::string_view name)
{
    return valueOf(kScopes, name);
}

std::optional<Duration> durationFromName(std::string_view name)
{
    return valueOf(kDurations, name);
}

std::string_view scopeName(Scope scope)
{
    return nameOf(kScopes, scope);
}

std::string_view durationName(Duration duration)
{
    return nameOf(kDurations, duration);
}

Result<void> checkAnswerMethods(const Request& request, const std::vector<std::string>& methods)
{
    // As a rule has them: what may not stand there is no answer for once, either.
    Rule rule{.host = "any", .methods = methods};
    if (const std::optional<RuleFault> fault = checkRule(rule))
        return fail(ErrorCode::BadRequest, fault->message);
    if (methods.empty() || !isHttp(request) ||
        std::ranges::contains(rule.methods, upper(request.method)))
        return {};
    return fail(ErrorCode::BadRequest,
                "The request that waits is " + std::string(request.method) +
                    ", which the answer's methods do not name; name it, too, "
                    "or leave them out.");
}

std::optional<Rule> ruleOfAnswer(const Request& request, Action action, Scope scope,
                                 Duration duration, std::vector<std::string> methods, WallTime now)
{
    // Without its pid, "until the process ends" can be kept only for this once.
    if (duration == Duration::Once || (duration == Duration::Process && request.pid <= 0))
        return std::nullopt;
    Rule rule;
    rule.action = action == Action::Allow ? Action::Allow : Action::Deny;
    rule.host = request.host;
    const std::string_view domain = mainDomain(request.host);
    // What is below a public suffix is other people's.
    if (scope == Scope::Domain && !Address::parse(domain) && !isPublicSuffix(domain))
        rule.host = "**." + std::string(domain);
    const bool isUsualPort = request.port == 80 || request.port == 443;
    if (!isUsualPort || request.protocol == Protocol::Tcp)
        rule.ports = {request.port};
    if (isHttp(request)) {
        const bool isNarrow = scope == Scope::Request || scope == Scope::Path;
        if (methods.empty() && isNarrow)
            methods.emplace_back(request.method);
        for (const std::string& method : methods)
            rule.methods.push_back(upper(method));
        if (isNarrow)
            rule.path = literal(pathOf(request.target));
        if (scope == Scope::Request)
            rule.path += "?" + literal(queryOf(request.target));
        if (scope == Scope::Path)
            rule.path += rule.path.ends_with('/') ? "**" : "/**";
    }
    switch (duration) {
    case Duration::Quarter:
        // The file counts milliseconds.
        rule.expires = std::chrono::ceil<std::chrono::milliseconds>(now) + std::chrono::minutes(15);
        break;
    case Duration::Session:
        rule.lasts = Lasts::Session;
        break;
    case Duration::Process:
        rule.lasts = Lasts::Process;
        rule.pid = request.pid;
        break;
    case Duration::Once:
    case Duration::Always:
        break;
    }
    return rule;
}

} // namespace caisson::policy
