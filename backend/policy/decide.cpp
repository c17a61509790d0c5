// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/decide.h"

#include "backend/policy/path_pattern.h"
#include "backend/policy/rule_index.h"

#include <algorithm>
#include <ctime>

namespace caisson::policy {

namespace {

bool isHttp(Protocol protocol)
{
    return protocol == Protocol::Http || protocol == Protocol::Https;
}

char upper(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool sameButForCase(std::string_view upperCase, std::string_view method)
{
    return std::ranges::equal(upperCase, method, {}, {}, upper);
}

/// Whether a rule lets something through, so that whatever is unclear must not fit it.
bool letsThrough(Action action)
{
    return action == Action::Allow || action == Action::Tunnel;
}

/// Whether it is about some of the requests that a connection may carry.
bool isForRequests(const Rule& rule)
{
    return !rule.methods.empty() || !rule.path.empty();
}

/// A rule made ready.
struct Prepared
{
    const Rule* rule = nullptr;
    Moment expiry = Moment::max();
    std::optional<HostPattern> host;
    std::optional<PathPattern> path;
};

/// A request made ready: what is worked out of it once, however many rules are tried.
struct Asked
{
    explicit Asked(const Request& asked)
        : request(asked)
        , address(addressOf(asked.host))
        , embedded(address ? address->embedded() : std::nullopt)
        , path(isHttp(asked.protocol) ? asked.target : std::string_view())
    {
    }

    static std::optional<Address> addressOf(std::string_view host)
    {
        // The last label of a canonical name is no number.
        if (host.empty() || !(host.contains(':') || (host.back() >= '0' && host.back() <= '9')))
            return std::nullopt;
        return Address::parse(host);
    }

    const Request& request;
    std::optional<Address> address;
    std::optional<Address> embedded;
    PathReadings path;
};

bool fitsHost(const Prepared& prepared, const Asked& asked)
{
    const Rule& rule = *prepared.rule;
    const bool mayBeEmbedded = asked.embedded && !letsThrough(rule.action);
    if (rule.cidr) {
        return asked.address && (rule.cidr->contains(*asked.address) ||
                                 (mayBeEmbedded && rule.cidr->contains(*asked.embedded)));
    }
    if (prepared.host->fits(asked.request.host, asked.address.has_value()))
        return true;
    return mayBeEmbedded && prepared.host->address() == asked.embedded;
}

bool fitsPort(const Rule& rule, const Request& request)
{
    if (!rule.ports.empty())
        return std::ranges::contains(rule.ports, request.port);
    const bool isUsual = request.port == 80 || request.port == 443;
    return isUsual && (request.protocol != Protocol::Tcp || !letsThrough(rule.action));
}

bool fitsMethod(const Rule& rule, std::string_view method)
{
    if (rule.methods.empty())
        return true;
    if (letsThrough(rule.action))
        return std::ranges::contains(rule.methods, method);
    return std::ranges::any_of(rule.methods, [&](std::string_view upperCase) {
        return sameButForCase(upperCase, method);
    });
}

bool fitsProcess(const Rule& rule, const Request& request)
{
    if (rule.process.empty() || rule.process == request.process)
        return true;
    return request.otherNames && request.otherNames->contain(rule.process);
}

/// All but methods and path: what is known when a connection is made.
bool fitsConnection(const Prepared& prepared, const Asked& asked, Moment now)
{
    const Rule& rule = *prepared.rule;
    if (now >= prepared.expiry || !fitsPort(rule, asked.request))
        return false;
    if (rule.lasts == Lasts::Process && rule.pid != asked.request.pid)
        return false;
    return fitsHost(prepared, asked) && fitsProcess(rule, asked.request);
}

bool fits(const Prepared& prepared, const Asked& asked, Moment now)
{
    const Rule& rule = *prepared.rule;
    if (!isHttp(asked.request.protocol)) {
        // Whatever is carried in it: nobody will see it to decide on it.
        const bool isNarrow = isForRequests(rule) && letsThrough(rule.action);
        return !isNarrow && fitsConnection(prepared, asked, now);
    }
    if (!fitsMethod(rule, asked.request.method) || !fitsConnection(prepared, asked, now))
        return false;
    if (!prepared.path)
        return true;
    return letsThrough(rule.action) ? prepared.path->fitsAll(asked.path)
                                    : prepared.path->fitsAny(asked.path);
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty())
            text += ", ";
        text += word;
    }
    return text;
}

std::string_view verbOf(Action action, Protocol protocol)
{
    switch (action) {
    case Action::Allow:
        return "allows";
    case Action::Ask:
        return "asks about";
    case Action::Tunnel:
        return isHttp(protocol) ? "allows" : "lets through unopened";
    case Action::Deny:
        break;
    }
    return "denies";
}

constexpr std::size_t kMostPathSaid = 200;

std::string described(const Request& request)
{
    std::string text;
    if (isHttp(request.protocol)) {
        text += request.method;
        text += ' ';
    }
    switch (request.protocol) {
    case Protocol::Http:
        text += "http://";
        break;
    case Protocol::Https:
        text += "https://";
        break;
    case Protocol::Tls:
        text += "TLS to ";
        break;
    case Protocol::Tcp:
        text += "a connection to ";
        break;
    }
    const bool isBracketed = request.host.contains(':');
    text += isBracketed ? "[" : "";
    text += request.host;
    text += isBracketed ? "]" : "";
    const bool isUsual = (request.protocol == Protocol::Http && request.port == 80) ||
                         (request.protocol == Protocol::Https && request.port == 443);
    if (!isUsual)
        text += ":" + std::to_string(request.port);
    // The query may hold what nobody else should read; and nobody reads a path to its thousandth letter.
    const std::string_view path = request.target.substr(0, request.target.find('?'));
    text += path.substr(0, kMostPathSaid);
    return text += path.size() > kMostPathSaid ? "…" : "";
}

} // namespace

struct Matcher::Impl
{
    Policy policy;
    std::vector<Prepared> rules;
    RuleIndex requests;
    RuleIndex connections;
    std::vector<std::size_t> deniedNetworks; ///< rules, from the top
    bool hasTunnels = false;
};

Matcher::Matcher(Policy policy, std::vector<Moment> expiries)
    : m_impl(std::make_unique<Impl>())
{
    m_impl->policy = std::move(policy);
    const std::vector<Rule>& rules = m_impl->policy.rules;
    expiries.resize(rules.size(), Moment::max());
    m_impl->rules.resize(rules.size());
    for (std::size_t at = 0; at < rules.size(); ++at) {
        const Rule& rule = rules[at];
        Prepared& prepared = m_impl->rules[at];
        prepared.rule = &rule;
        prepared.expiry = expiries[at];
        if (!rule.cidr)
            prepared.host.emplace(rule.host);
        if (!rule.path.empty())
            prepared.path.emplace(rule.path);
        if (!rule.enabled)
            continue;
        const auto number = static_cast<std::uint32_t>(at);
        const HostPattern* host = prepared.host ? &*prepared.host : nullptr;
        m_impl->requests.add(number, host, rule.cidr, prepared.path ? &*prepared.path : nullptr);
        m_impl->connections.add(number, host, rule.cidr, nullptr);
        m_impl->hasTunnels = m_impl->hasTunnels || rule.action == Action::Tunnel;
        if (rule.cidr && rule.action == Action::Deny)
            m_impl->deniedNetworks.push_back(at);
    }
}

Matcher::~Matcher() = default;

const Policy& Matcher::policy() const
{
    return m_impl->policy;
}

Decision Matcher::decide(const Request& request, Moment now) const
{
    const Asked asked(request);
    // What has no path is found by its host alone.
    const RuleIndex& index = isHttp(request.protocol) ? m_impl->requests : m_impl->connections;
    const std::size_t first =
        index.first(request.host, asked.address, asked.embedded, asked.path,
                    [&](std::size_t at) { return fits(m_impl->rules[at], asked, now); });
    if (first == RuleIndex::kNone)
        return {m_impl->policy.defaultAction, nullptr};
    const Rule* rule = m_impl->rules[first].rule;
    const bool isOpened = isHttp(request.protocol) && rule->action == Action::Tunnel;
    return {isOpened ? Action::Allow : rule->action, rule};
}

bool Matcher::isTunnelled(const Request& request, Moment now) const
{
    if (!m_impl->hasTunnels)
        return false;
    const Asked asked(request);
    const std::size_t first = m_impl->connections.first(
        request.host, asked.address, asked.embedded, asked.path,
        [&](std::size_t at) { return fitsConnection(m_impl->rules[at], asked, now); });
    return first != RuleIndex::kNone && m_impl->rules[first].rule->action == Action::Tunnel;
}

const Rule* Matcher::ruleAgainst(const Address& address, const Request& request, Moment now) const
{
    if (m_impl->deniedNetworks.empty())
        return nullptr;
    const Decision decision = decide(request, now);
    const std::string text = address.toString();
    Request there = request;
    there.host = text;
    const Asked asked(there);
    for (const std::size_t at : m_impl->deniedNetworks) {
        const Rule* rule = m_impl->rules[at].rule;
        if (decision.rule && rule >= decision.rule) // both of one vector
            break;
        if (fits(m_impl->rules[at], asked, now))
            return rule;
    }
    return nullptr;
}

std::string Matcher::why(const Decision& decision, const Request& request) const
{
    if (!decision.rule) {
        const std::string what = described(request);
        switch (decision.action) {
        case Action::Allow:
            return "No rule fits " + what + ", and the default is to allow.";
        case Action::Ask:
            return "No rule fits " + what + ", and the default is to ask.";
        default:
            return "No rule fits " + what + ", and the default is to deny.";
        }
    }
    const Rule& rule = *decision.rule;
    std::string text = "Rule ";
    text.reserve(128); // made for each request
    text += rule.id;
    text += ' ';
    text += verbOf(rule.action, request.protocol);
    text += rule.methods.empty() ? " everything" : " " + joined(rule.methods);
    text += " to ";
    text += rule.cidr ? rule.cidr->toString() : rule.host;
    text += rule.path;
    if (!rule.process.empty())
        text += " by " + rule.process;
    if (rule.lasts == Lasts::Process)
        text += " by process " + std::to_string(rule.pid);
    if (!isHttp(request.protocol) && isForRequests(rule))
        text += ", and what a stream carries is not seen";
    text += '.';
    return text;
}

Moment momentNow()
{
    std::timespec now{};
    // It fails only for a clock that does not exist.
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::vector<Moment> expiriesOf(const Policy& policy, WallTime wallNow, Moment now)
{
    std::vector<Moment> expiries;
    expiries.reserve(policy.rules.size());
    for (const Rule& rule : policy.rules) {
        if (!rule.expires) {
            expiries.push_back(Moment::max());
            continue;
        }
        const auto left = std::chrono::duration_cast<Moment>(*rule.expires - wallNow);
        // Some time before the machine started, and a rule of the year 2200, count as well.
        expiries.push_back(left > Moment::max() - now ? Moment::max() : now + left);
    }
    return expiries;
}

} // namespace caisson::policy
