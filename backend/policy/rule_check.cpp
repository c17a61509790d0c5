// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/rule_check.h"

#include "backend/policy/glob.h"
#include "backend/policy/host_name.h"
#include "backend/policy/host_pattern.h"
#include "backend/policy/path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

namespace caisson::policy {

namespace {

using Fault = std::optional<RuleFault>;

constexpr std::size_t kLongestText = 4096;

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isAlphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c);
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// RFC 9110, 5.6.2.
bool isToken(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return isAlphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
    });
}

/// Of rules and of secrets.
bool isName(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return isAlphanumeric(c) || c == '-' || c == '_' || c == '.';
    });
}

bool isVisible(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool hasControlCharacters(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
    });
}

/// Headers that say where a message ends or what the connection is; whoever writes these writes
/// another request.
bool isFraming(std::string_view header)
{
    constexpr std::array<std::string_view, 13> kFraming{"connection",
                                                        "content-length",
                                                        "expect",
                                                        "host",
                                                        "http2-settings",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-authorization",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade"};
    std::string name(header);
    std::ranges::transform(name, name.begin(), lower);
    return std::ranges::find(kFraming, name) != kFraming.end();
}

/// The text without its placeholders; none where one has no name or no end.
std::optional<std::string> besidePlaceholders(std::string_view text)
{
    constexpr std::string_view kOpen = "${secret:";
    std::string rest;
    for (std::size_t at = 0;;) {
        const std::size_t open = text.find(kOpen, at);
        rest += text.substr(at, open - at);
        if (open == std::string_view::npos)
            return rest;
        const std::size_t end = text.find('}', open);
        const std::size_t name = open + kOpen.size();
        if (end == std::string_view::npos || !isName(text.substr(name, end - name)))
            return std::nullopt;
        at = end + 1;
    }
}

Fault checkInjection(const Rule& rule)
{
    const auto fault = [](std::string message) {
        return Fault(RuleFault{"inject", std::move(message)});
    };
    const Injection& inject = *rule.inject;
    if (rule.action != Action::Allow)
        return fault("A secret is put in only by a rule whose action is \"allow\".");
    if (rule.host.empty())
        return fault("A rule that puts a secret in names its host, not a block of addresses.");
    const HostPattern host(rule.host);
    const bool hasTwoLabels = host.literalEnd().contains('.');
    const bool isPlain = host.literalEnd().size() == rule.host.size();
    if (!isPlain && !hasTwoLabels)
        return fault("A rule that puts a secret in has no wildcard in the last two labels of its "
                     "host.");
    if (!isPlain && isPublicSuffix(host.literalEnd()))
        return fault("Anybody may have a name below " + std::string(host.literalEnd()) +
                     ": a rule that puts a secret in has no wildcard there.");
    if (!inject.header.empty()) {
        if (!inject.user.empty() || !inject.password.empty())
            return fault("A secret is put in as a header or as basic, not as both.");
        if (!isToken(inject.header))
            return fault("This is no name of a header.");
        if (isFraming(inject.header))
            return fault("A secret cannot be put into this header, which frames the request.");
    } else if (!inject.value.empty() || inject.password.empty()) {
        return fault("A secret is put in with header and value, or with basic = { user, password "
                     "}.");
    }
    for (const std::string& text : {inject.value, inject.user, inject.password}) {
        if (!isVisible(text) || text.size() > kLongestText)
            return fault("What is put in are visible ASCII characters, 4,096 at most.");
        if (!besidePlaceholders(text))
            return fault("A secret is named as ${secret:NAME}, of letters, digits, '-', '_' and "
                         "'.'.");
    }
    if (besidePlaceholders(inject.user)->contains(':'))
        return fault("The user of HTTP Basic holds no ':'.");
    if (inject.secrets().empty())
        return fault("No secret is named: write ${secret:NAME}, and keep the secret itself out of "
                     "the file.");
    return std::nullopt;
}

Fault checkHost(Rule& rule)
{
    if (rule.host.empty() && !rule.cidr)
        return RuleFault{"", "A rule names a host or a cidr."};
    if (!rule.host.empty() && rule.cidr)
        return RuleFault{"cidr", "A rule names a host or a cidr, not both."};
    if (rule.host.empty())
        return std::nullopt;
    Result<std::string> host = canonicalHostPattern(rule.host);
    if (!host)
        return RuleFault{"host", host.error().message};
    rule.host = std::move(*host);
    return std::nullopt;
}

Fault checkPath(Rule& rule)
{
    if (rule.path.empty())
        return std::nullopt;
    if (rule.path.size() > kLongestText)
        return RuleFault{"path", "A path has at most 4,096 characters."};
    Result<std::string> path = normalisedPattern(rule.path);
    if (!path)
        return RuleFault{"path", path.error().message};
    rule.path = std::move(*path);
    const std::string_view onlyPath = pathOf(rule.path);
    for (std::size_t at = onlyPath.find("**"); at != std::string_view::npos;
         at = onlyPath.find("**", at + 2)) {
        const bool opens = onlyPath[at - 1] == '/';
        const bool closes = at + 2 == onlyPath.size() || onlyPath[at + 2] == '/';
        if (!opens || !closes)
            return RuleFault{"path", "\"**\" stands alone between slashes; within a segment write "
                                     "\"*\"."};
    }
    for (std::size_t at = onlyPath.find('%'); at != std::string_view::npos;
         at = onlyPath.find('%', at + 1)) {
        if (onlyPath[at + 1] < '2')
            return RuleFault{"path", "A path has no escaped control characters."};
    }
    return std::nullopt;
}

Fault checkMethods(Rule& rule)
{
    for (std::string& method : rule.methods) {
        if (!isToken(method))
            return RuleFault{"methods", "This is no HTTP method: \"" + method + "\"."};
        std::ranges::transform(method, method.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
    }
    return std::nullopt;
}

/// A path that could be no name of an executable fits no process, and a rule that denies would deny
/// nothing.
Fault checkProcess(std::string_view process)
{
    const auto fault = [](std::string message) {
        return Fault(RuleFault{"process", std::move(message)});
    };
    if (process.empty())
        return std::nullopt;
    if (!process.starts_with('/') || hasControlCharacters(process) || process.size() > kLongestText)
        return fault("A process is named by the whole path of its executable, as /usr/bin/git.");
    if (process.contains('*'))
        return fault(
            "A star stands for nothing in the path of an executable; write a rule for each "
            "executable, or leave process out for all.");
    for (Parts parts(process.substr(1), '/'); !parts.atEnd(); ++parts) {
        if ((*parts).empty() || *parts == "." || *parts == "..")
            return fault("No executable has this path; write it as /usr/bin/git, without \"//\", "
                         "\"/./\", \"/../\" and a slash at the end.");
    }
    return std::nullopt;
}

Fault checkLasting(const Rule& rule)
{
    if (rule.lasts == Lasts::Process && rule.pid <= 0)
        return RuleFault{"lasts", "A rule that lasts as long as a process names its pid."};
    if (rule.lasts != Lasts::Process && rule.pid != 0)
        return RuleFault{"pid", "Only a rule that lasts as long as a process has a pid."};
    return std::nullopt;
}

} // namespace

std::optional<RuleFault> checkRule(Rule& rule)
{
    if (!rule.id.empty()) {
        if (!isName(rule.id))
            return RuleFault{"id", "An id has 1 to 64 letters, digits, '-', '_' and '.'."};
        if (rule.id == "default" || rule.id == "caisson" || rule.id == "prompt")
            return RuleFault{"id", "This id is taken: \"" + rule.id + "\" is no rule's."};
    }
    if (Fault fault = checkHost(rule))
        return fault;
    if (std::ranges::contains(rule.ports, 0))
        return RuleFault{"ports", "A port is a number from 1 to 65535."};
    if (Fault fault = checkMethods(rule))
        return fault;
    if (Fault fault = checkPath(rule))
        return fault;
    if (Fault fault = checkProcess(rule.process))
        return fault;
    if (rule.action == Action::Tunnel) {
        for (const auto& [isSet, key] :
             {std::pair(!rule.methods.empty(), "methods"), std::pair(!rule.path.empty(), "path"),
              std::pair(rule.inject.has_value(), "inject")}) {
            if (isSet)
                return RuleFault{key, "In a tunnel nobody sees requests: its rule has no methods, "
                                      "path or inject."};
        }
    }
    if (Fault fault = checkLasting(rule))
        return fault;
    if (hasControlCharacters(rule.note) || rule.note.size() > kLongestText)
        return RuleFault{"note", "A note is text of at most 4,096 bytes."};
    return rule.inject ? checkInjection(rule) : std::nullopt;
}

void makeMissingIds(Policy& policy, std::int64_t above)
{
    std::unordered_set<std::string> taken;
    for (const Rule& rule : policy.rules)
        taken.insert(rule.id);
    std::int64_t number = above;
    for (Rule& rule : policy.rules) {
        while (rule.id.empty()) {
            std::string id = "r" + std::to_string(++number);
            if (taken.insert(id).second)
                rule.id = std::move(id);
        }
    }
}

std::int64_t numberOfId(std::string_view id)
{
    // Fifteen digits leave room to count on from whatever somebody wrote into a file.
    constexpr std::size_t kMostDigits = 15;
    std::int64_t number = 0;
    const char* end = id.data() + id.size();
    if (!id.starts_with('r') || id.size() > 1 + kMostDigits || id.contains('-') ||
        std::from_chars(id.data() + 1, end, number).ptr != end)
        return 0;
    return number;
}

Result<void> checkPolicy(Policy& policy)
{
    if (policy.defaultAction == Action::Tunnel)
        return fail(ErrorCode::BadRequest, "The default is allow, deny or ask.",
                    {{"key", "default"}});
    if (policy.rules.size() > kMostRules)
        return fail(ErrorCode::BadRequest, "A policy has at most 10,000 rules.");
    std::unordered_set<std::string> seen;
    for (std::size_t place = 0; place < policy.rules.size(); ++place) {
        Rule& rule = policy.rules[place];
        Fault fault = checkRule(rule);
        if (!fault && !rule.id.empty() && !seen.insert(rule.id).second)
            fault = RuleFault{"id", "There are two rules of the id \"" + rule.id + "\"."};
        if (!fault)
            continue;
        const std::string name = rule.id.empty() ? std::to_string(place + 1) : rule.id;
        return fail(ErrorCode::BadRequest, "Rule " + name + ": " + fault->message,
                    {{"rule", name}, {"key", fault->key}});
    }
    makeMissingIds(policy);
    return {};
}

} // namespace caisson::policy
