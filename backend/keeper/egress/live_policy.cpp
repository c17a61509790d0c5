// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/live_policy.h"

#include "backend/api/codec.h"
#include "backend/api/keeperlink.h"
#include "backend/base/clock.h"
#include "backend/base/files.h"
#include "backend/base/log.h"
#include "backend/keeper/egress/dial/inner_addresses.h"
#include "backend/keeper/egress/rule_message.h"
#include "backend/keeper/egress/secrets.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/rule_check.h"
#include "backend/policy/secret_check.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace caisson::keeper {

namespace {

constexpr std::int64_t kMostSeconds = 10LL * 365 * 24 * 3600;

/// Before the generation, in the first line of a file that LivePolicy wrote.
constexpr std::string_view kGeneration = "# generation ";

/// Behind it, before the highest number that an id was made of.
constexpr std::string_view kIds = ", ids to r";

/// Hits of rules that are gone, for those that come back; more are not remembered.
constexpr std::size_t kMostPast = 2 * policy::kMostRules;

struct FirstLine
{
    std::int64_t generation = 0;
    std::int64_t highestId = 0;
};

/// 0: it has none; somebody else wrote it.
FirstLine firstLineOf(std::string_view toml)
{
    FirstLine line;
    if (!toml.starts_with(kGeneration))
        return line;
    const char* end = toml.data() + std::min(toml.find('\n'), toml.size());
    const char* next = std::from_chars(toml.data() + kGeneration.size(), end, line.generation).ptr;
    if (const std::string_view rest(next, end); rest.starts_with(kIds))
        std::from_chars(next + kIds.size(), end, line.highestId);
    line.generation = std::max<std::int64_t>(line.generation, 0);
    line.highestId = std::max<std::int64_t>(line.highestId, 0);
    return line;
}

template<class Rules>
std::int64_t highestIdIn(const Rules& rules)
{
    std::int64_t highest = 0;
    for (const auto& rule : rules)
        highest = std::max(highest, policy::numberOfId(rule.id));
    return highest;
}

/// What a count is of. A file may give the id of one rule to another.
std::string countedOf(const policy::Rule& rule)
{
    return rule.id + '\n' + rule.host + '\n' + (rule.cidr ? rule.cidr->toString() : "");
}

std::string expiresText(const policy::Rule& rule)
{
    return rule.expires ? toRfc3339(*rule.expires) : "";
}

/// Through the file's own reader, so that no way in lets a rule pass that a file could not have.
Result<policy::Policy> checked(const policy::Policy& policy)
{
    std::set<std::string_view> ids;
    for (const policy::Rule& rule : policy.rules) {
        if (!rule.id.empty() && !ids.insert(rule.id).second)
            return fail(ErrorCode::BadRequest, "there are two rules of the id \"" + rule.id + "\"",
                        {{"rule", rule.id}});
    }
    Result<policy::Policy> parsed = policy::parsePolicy(policy::writePolicy(policy));
    if (!parsed) {
        // The place is of a text that nobody wrote.
        Error& error = parsed.error();
        const std::string place =
            "line " + error.detail["line"] + ", column " + error.detail["column"] + ": ";
        if (error.message.starts_with(place))
            error.message.erase(0, place.size());
        error.detail.erase("line");
        error.detail.erase("column");
    }
    return parsed;
}

/// A file that is gone beside one that is there was a policy, too: to ask instead would let pass what
/// it may have denied.
std::unexpected<Error> unreadable(const std::string& path, const Error& why)
{
    return fail(
        ErrorCode::BadRequest,
        "the sandbox's policy cannot be read, so nothing may pass; set a whole one anew with "
        "`caissonctl egress set NAME FILE`, or mend " +
            path + ": " + (why.code == ErrorCode::NotFound ? "the file is gone" : why.message));
}

Result<policy::Policy> policyOf(const api::PutPolicy& request, std::int64_t highestId)
{
    if (!request.toml.empty()) {
        if (!request.rules.empty() || !request.defaultAction.empty())
            return fail(ErrorCode::BadRequest, "give either \"toml\" or \"default\" and \"rules\"");
        Result<policy::Policy> parsed = policy::parsePolicy(request.toml, policy::MissingIds::Left);
        if (parsed)
            policy::makeMissingIds(*parsed, highestId);
        return parsed;
    }
    if (request.rules.empty() && request.defaultAction.empty())
        return fail(ErrorCode::BadRequest, "give \"toml\", or \"default\" and \"rules\"");
    policy::Policy policy;
    const auto action = actionOf(request.defaultAction);
    if (!action)
        return std::unexpected(action.error());
    policy.defaultAction = *action;
    for (const api::EgressRule& message : request.rules) {
        Result<policy::Rule> rule = ruleOf(message);
        if (!rule)
            return std::unexpected(rule.error());
        policy.rules.push_back(std::move(*rule));
    }
    policy::makeMissingIds(policy, highestId);
    return checked(policy);
}

} // namespace

LivePolicy::LivePolicy(std::string folder, Opening opening)
    : m_folder(std::move(folder))
    , m_opening(opening)
{
}

LivePolicy::~LivePolicy()
{
    if (!m_matcher || !m_hasNewHits)
        return;
    if (Result<void> saved = save(policy(), m_generation, m_expiries); !saved)
        logWarning("the counts of the policy's rules are lost: {}", saved.error().message);
}

Result<std::unique_ptr<LivePolicy>> LivePolicy::open(const std::string& folder, Opening opening)
{
    std::unique_ptr<LivePolicy> live(new LivePolicy(folder, opening));
    if (Result<void> loaded = live->load(opening); !loaded)
        return std::unexpected(loaded.error());
    return live;
}

Result<void> LivePolicy::load(Opening opening)
{
    api::PolicyState state;
    const Result<std::string> beside = readFile(m_folder + "/policy.json");
    if (beside) {
        if (auto parsed = api::fromJson<api::PolicyState>(*beside))
            state = std::move(*parsed);
        else
            logWarning("policy.json: {}", parsed.error().message);
    }
    const Result<std::string> text = readFile(m_folder + "/policy.toml");
    const FirstLine written = text ? firstLineOf(*text) : FirstLine{};
    const bool isNew = !text && text.error().code == ErrorCode::NotFound && !beside &&
                       beside.error().code == ErrorCode::NotFound;
    policy::Policy policy; // a new sandbox asks
    if (!isNew) {
        Result<policy::Policy> read = text ? policy::parsePolicy(*text)
                                           : Result<policy::Policy>(std::unexpected(text.error()));
        if (!read && opening != Opening::Replace)
            return unreadable(m_folder + "/policy.toml", read.error());
        policy = read ? std::move(*read) : policy::Policy{policy::Action::Deny, {}};
    }
    // Also of the rules that a start leaves behind.
    m_highestId = std::max(written.highestId, highestIdIn(policy.rules));
    m_generation = std::max(state.generation, written.generation);
    const bool isSameBoot = state.boot == bootId();
    for (const auto& rule : state.rules) {
        m_hits[rule.id] = {rule.hits, rule.last};
        if (isSameBoot && rule.moment != 0)
            m_expiries[rule.id] = {rule.expires, rule.moment};
    }

    if (opening == Opening::Start) {
        const std::size_t before = policy.rules.size();
        const policy::Moment now = policy::momentNow();
        const WallTime wallNow = std::chrono::system_clock::now();
        std::erase_if(policy.rules, [&](const policy::Rule& rule) {
            if (rule.lasts != policy::Lasts::Always)
                return true;
            // One that is over is of no use in the table, unless somebody wrote it there.
            const auto known = m_expiries.find(rule.id);
            return rule.expires && known != m_expiries.end() &&
                   known->second.expires == expiresText(rule) &&
                   policy::Moment(known->second.moment) <= now && *rule.expires <= wallNow;
        });
        if (policy.rules.size() != before) {
            const Result<std::int64_t> put = putInForce(std::move(policy));
            return put ? Result<void>{} : std::unexpected(put.error());
        }
    }
    // As the files have it: a start waits for no disk. But for ends that had to be worked out from
    // the wall clock: left unwritten they would be worked out anew, from whatever that clock says then.
    auto [moments, expiries] = endsOf(policy);
    m_generation = std::max<std::int64_t>(m_generation, 1);
    const bool isNews = std::ranges::any_of(expiries, [&](const auto& entry) {
        const auto known = m_expiries.find(entry.first);
        return known == m_expiries.end() || known->second.moment != entry.second.moment;
    });
    if (opening == Opening::Start && isNews) {
        if (Result<void> saved = save(policy, m_generation, expiries); !saved)
            return saved;
    }
    install(std::move(policy), std::move(moments), std::move(expiries));
    return {};
}

/// When rules end. An end that was worked out once stays, whatever has become of the clock since.
LivePolicy::Ends LivePolicy::endsOf(const policy::Policy& policy) const
{
    Ends ends;
    ends.moments =
        policy::expiriesOf(policy, std::chrono::system_clock::now(), policy::momentNow());
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        const policy::Rule& rule = policy.rules[i];
        if (!rule.expires)
            continue;
        if (const auto known = m_expiries.find(rule.id);
            known != m_expiries.end() && known->second.expires == expiresText(rule))
            ends.moments[i] = policy::Moment(known->second.moment);
        ends.expiries[rule.id] = {expiresText(rule), ends.moments[i].count()};
    }
    return ends;
}

void LivePolicy::install(policy::Policy policy, std::vector<policy::Moment> moments,
                         std::map<std::string, Expiry> expiries)
{
    m_moments = moments;
    m_highestId = std::max(m_highestId, highestIdIn(policy.rules));
    m_matcher = std::make_shared<const policy::Matcher>(std::move(policy), std::move(moments));
    m_expiries = std::move(expiries);
}

/// What the rules of a policy that is to be in force have counted. One that comes back, as when its
/// removal is undone, has what it had.
LivePolicy::HitsById LivePolicy::hitsOf(const policy::Policy& policy)
{
    HitsById counted;
    if (!m_matcher) { // it was just read
        for (const policy::Rule& rule : policy.rules) {
            if (const auto hits = m_hits.find(rule.id); hits != m_hits.end())
                counted.insert(*hits);
        }
        return counted;
    }
    if (m_past.size() > kMostPast)
        m_past.clear();
    for (const policy::Rule& rule : m_matcher->policy().rules) {
        if (const auto hits = m_hits.find(rule.id); hits != m_hits.end())
            m_past.insert_or_assign(countedOf(rule), hits->second);
    }
    for (const policy::Rule& rule : policy.rules) {
        if (const auto past = m_past.find(countedOf(rule)); past != m_past.end())
            counted.emplace(rule.id, past->second);
    }
    return counted;
}

Result<std::int64_t> LivePolicy::putInForce(policy::Policy policy)
{
    auto [moments, expiries] = endsOf(policy);
    const std::int64_t generation = m_generation + 1;
    auto before = std::exchange(m_hits, hitsOf(policy));
    if (Result<void> saved = save(policy, generation, expiries); !saved) {
        m_hits = std::move(before);
        return std::unexpected(saved.error());
    }
    install(std::move(policy), std::move(moments), std::move(expiries));
    m_generation = generation;
    m_hasNewHits = false;
    if (onChange)
        onChange();
    return generation;
}

Result<void> LivePolicy::save(const policy::Policy& policy, std::int64_t generation,
                              const std::map<std::string, Expiry>& expiries) const
{
    api::PolicyState state;
    state.generation = generation;
    state.boot = bootId();
    for (const policy::Rule& rule : policy.rules) {
        api::PolicyState::Rule entry;
        entry.id = rule.id;
        if (const auto expiry = expiries.find(rule.id); expiry != expiries.end()) {
            entry.expires = expiry->second.expires;
            entry.moment = expiry->second.moment;
        }
        if (const auto hits = m_hits.find(rule.id); hits != m_hits.end()) {
            entry.hits = hits->second.count;
            entry.last = hits->second.last;
        }
        state.rules.push_back(std::move(entry));
    }
    std::string toml = std::string(kGeneration) + std::to_string(generation);
    if (const auto highest = std::max(m_highestId, highestIdIn(policy.rules)); highest > 0)
        toml += std::string(kIds) + std::to_string(highest);
    toml += "\n" + policy::writePolicy(policy);
    if (Result<void> written = writeFileAtomically(m_folder + "/policy.toml", toml); !written)
        return written;
    // What counts is written: it will be in force after a restart, so it is now.
    if (Result<void> written = writeFileAtomically(m_folder + "/policy.json", api::toJson(state));
        !written)
        logWarning("what the policy's rules have counted is lost: {}", written.error().message);
    return {};
}

Result<std::int64_t> LivePolicy::replace(policy::Policy policy, std::int64_t expected)
{
    if (const Result<void> same = checkGeneration(expected); !same)
        return std::unexpected(same.error());
    return putInForce(std::move(policy));
}

Result<std::int64_t> LivePolicy::replace(const api::PutPolicy& request)
{
    Result<policy::Policy> policy = policyOf(request, m_highestId);
    if (!policy)
        return std::unexpected(policy.error());
    if (Result<void> stored = checkStored(*policy, request.toml); !stored)
        return std::unexpected(stored.error());
    return replace(std::move(*policy), request.generation);
}

Result<void> LivePolicy::checkStored(const policy::Policy& next, std::string_view toml) const
{
    return knownSecrets ? policy::checkSecrets(next, *knownSecrets, policy(), toml)
                        : Result<void>{};
}

Result<void> LivePolicy::checkGeneration(std::int64_t expected) const
{
    if (expected != 0 && expected != m_generation)
        return fail(ErrorCode::PreconditionFailed,
                    "the policy was changed meanwhile; look at it and try again",
                    {{"generation", std::to_string(m_generation)}});
    return {};
}

Result<std::vector<std::string>> LivePolicy::patch(const api::PatchPolicy& request)
{
    // What changes nothing is no new generation, which would be looked at by every flow.
    if (request.add.empty() && request.update.empty() && request.remove.empty() &&
        request.defaultAction.empty()) {
        const Result<void> same = checkGeneration(request.generation);
        return same ? Result<std::vector<std::string>>{} : std::unexpected(same.error());
    }
    policy::Policy next = policy();
    const auto find = [&](const std::string& id) {
        return std::ranges::find(next.rules, id, &policy::Rule::id);
    };
    const auto noSuch = [](const std::string& id) {
        return fail(ErrorCode::NotFound, "there is no rule \"" + id + "\"");
    };
    for (const std::string& id : request.remove) {
        const auto rule = find(id);
        if (rule == next.rules.end())
            return noSuch(id);
        next.rules.erase(rule);
    }
    for (const api::EgressRule& message : request.update) {
        const auto rule = find(message.id);
        if (rule == next.rules.end())
            return noSuch(message.id);
        Result<policy::Rule> updated = ruleOf(message);
        if (!updated)
            return std::unexpected(updated.error());
        *rule = std::move(*updated);
    }
    auto place = next.rules.begin();
    if (!request.before.empty()) {
        place = find(request.before);
        if (place == next.rules.end())
            return noSuch(request.before);
    }
    if (request.forSeconds < 0 || request.forSeconds > kMostSeconds)
        return fail(ErrorCode::BadRequest, "a rule lasts at least a second and at most ten years");
    std::vector<std::string> added;
    std::int64_t highestId = std::max(m_highestId, highestIdIn(request.add));
    for (const api::EgressRule& message : request.add) {
        Result<policy::Rule> rule = ruleOf(message);
        if (!rule)
            return std::unexpected(rule.error());
        if (!rule->id.empty() && find(rule->id) != next.rules.end())
            return fail(ErrorCode::Exists,
                        "there is a rule \"" + rule->id +
                            "\" already; give another id, or none and one is made");
        // One that is only moved is in the table already.
        if (isLeftBehind(*rule) &&
            !std::ranges::contains(policy().rules, rule->id, &policy::Rule::id))
            return fail(ErrorCode::Conflict,
                        "the sandbox does not run, and a rule that lasts until it stops would be "
                        "gone when it starts; start it first, or let the rule last for a time or "
                        "always");
        if (rule->id.empty())
            rule->id = "r" + std::to_string(++highestId);
        if (request.forSeconds > 0)
            rule->expires =
                std::chrono::system_clock::now() + std::chrono::seconds(request.forSeconds);
        added.push_back(rule->id);
        place = next.rules.insert(place, std::move(*rule)) + 1;
    }
    if (!request.defaultAction.empty()) {
        const auto action = actionOf(request.defaultAction);
        if (!action)
            return std::unexpected(action.error());
        next.defaultAction = *action;
    }
    Result<policy::Policy> sound = checked(next);
    if (!sound)
        return std::unexpected(sound.error());
    if (Result<void> stored = checkStored(*sound, {}); !stored)
        return std::unexpected(stored.error());
    if (const auto replaced = replace(std::move(*sound), request.generation); !replaced)
        return std::unexpected(replaced.error());
    return added;
}

Result<std::string> LivePolicy::add(policy::Rule rule, std::string_view before)
{
    policy::Policy next = policy();
    rule.id = "r" + std::to_string(m_highestId + 1);
    std::string id = rule.id;
    next.rules.insert(std::ranges::find(next.rules, before, &policy::Rule::id), std::move(rule));
    Result<policy::Policy> sound = checked(next);
    if (!sound)
        return std::unexpected(sound.error());
    if (const auto replaced = replace(std::move(*sound)); !replaced)
        return std::unexpected(replaced.error());
    return id;
}

void LivePolicy::countHit(std::string_view ruleId)
{
    auto hits = m_hits.find(ruleId);
    if (hits == m_hits.end())
        hits = m_hits.emplace(std::string(ruleId), Hits{}).first;
    ++hits->second.count;
    hits->second.last = nowRfc3339();
    m_hasNewHits = true;
}

api::EgressPolicy LivePolicy::describe() const
{
    api::EgressPolicy described;
    described.generation = m_generation;
    described.defaultAction = policy::actionName(policy().defaultAction);
    for (const policy::Rule& rule : policy().rules) {
        api::EgressRule message = messageOf(rule);
        if (const auto hits = m_hits.find(rule.id); hits != m_hits.end()) {
            message.hits = hits->second.count;
            message.last = hits->second.last;
        }
        described.rules.push_back(std::move(message));
    }
    described.toml = markedToml();
    return described;
}

bool LivePolicy::isLeftBehind(const policy::Rule& rule) const
{
    return m_opening != Opening::Start && rule.lasts != policy::Lasts::Always;
}

std::string LivePolicy::markedToml() const
{
    constexpr std::string_view kBegin = "\n[[rule]]\n";
    std::string toml = policy::writePolicy(policy());
    const policy::Moment now = policy::momentNow();
    std::size_t at = 0;
    for (std::size_t i = 0; i < policy().rules.size(); ++i) {
        // Each key has one line, whatever is in it, so nothing else looks like this.
        at = toml.find(kBegin, at);
        if (at == std::string::npos)
            break;
        const std::string_view mark = m_moments[i] <= now ? "# ended\n"
                                      : isLeftBehind(policy().rules[i])
                                          ? "# gone at the next start\n"
                                          : "";
        toml.insert(at + 1, mark);
        at += mark.size() + kBegin.size() - 1;
    }
    return toml;
}

api::Explanation LivePolicy::explain(const policy::Request& request) const
{
    auto matcher = m_matcher;
    if (std::ranges::any_of(policy().rules, [&](const auto& rule) { return isLeftBehind(rule); })) {
        policy::Policy left{policy().defaultAction, {}};
        std::vector<policy::Moment> moments;
        for (std::size_t i = 0; i < policy().rules.size(); ++i) {
            if (isLeftBehind(policy().rules[i]))
                continue;
            left.rules.push_back(policy().rules[i]);
            moments.push_back(m_moments[i]);
        }
        matcher = std::make_shared<const policy::Matcher>(std::move(left), std::move(moments));
    }
    const policy::Moment now = policy::momentNow();
    api::Explanation explanation;
    explanation.generation = m_generation;
    policy::Request connection = request;
    connection.protocol = policy::Protocol::Tls;
    connection.method = connection.target = {};
    const bool isTunnelled =
        request.protocol == policy::Protocol::Https && matcher->isTunnelled(connection, now);
    const policy::Decision decision = matcher->decide(isTunnelled ? connection : request, now);
    explanation.verdict = policy::actionName(decision.action);
    explanation.rule = decision.ruleId();
    explanation.why = matcher->why(decision, request);
    if (decision.rule && decision.rule->inject)
        explanation.secrets = decision.rule->inject->secrets();

    const auto refuse = [&](std::string why) {
        explanation.verdict = policy::actionName(policy::Action::Deny);
        explanation.why = std::move(why);
        explanation.secrets.clear();
        return explanation;
    };
    // What goes through a tunnel is not looked into.
    if (const auto leaked = isTunnelled ? std::nullopt : placeholderIn(request.target))
        return refuse("The placeholder of the secret \"" + *leaked +
                      "\" is sent where no rule puts it in.");
    if (decision.action != policy::Action::Allow && decision.action != policy::Action::Tunnel)
        return explanation;
    for (const std::string& secret : explanation.secrets) {
        if (knownSecrets && !knownSecrets->contains(secret))
            return refuse("The rule puts in the secret \"" + secret +
                          "\", which is not stored here.");
    }
    if (!decision.mayBePrivate() && isInnerAddress(request.host))
        return refuse(std::string(request.host) +
                      " is a private address, or one of this host; only a rule with private = true "
                      "may let it through.");
    if (request.protocol == policy::Protocol::Http && !explanation.secrets.empty())
        explanation.why += " Over http everybody on the way can read the secret that is put in.";
    if (!decision.mayBePrivate() && !policy::Address::parse(request.host))
        explanation.why += " The address it leads to is looked at, too, when the name is resolved: "
                           "one of this host or its network needs private = true.";
    return explanation;
}

policy::Moment LivePolicy::nextExpiry(policy::Moment after) const
{
    policy::Moment next = policy::Moment::max();
    for (const policy::Moment moment : m_moments) {
        if (moment > after)
            next = std::min(next, moment);
    }
    return next;
}

} // namespace caisson::keeper
