// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/rule_message.h"

#include "backend/base/clock.h"

#include <limits>

namespace caisson::keeper {

namespace {

Result<policy::Lasts> lastsOf(std::string_view word)
{
    if (word.empty())
        return policy::Lasts::Always;
    if (const auto lasts = policy::lastsFromName(word))
        return *lasts;
    return fail(ErrorCode::BadRequest, "\"lasts\" must be always, session or process");
}

} // namespace

Result<policy::Action> actionOf(std::string_view word)
{
    if (const auto action = policy::actionFromName(word))
        return *action;
    return fail(ErrorCode::BadRequest,
                "an action must be allow, deny, ask or tunnel, not \"" + std::string(word) + "\"");
}

api::EgressRule messageOf(const policy::Rule& rule)
{
    api::EgressRule message;
    message.id = rule.id;
    message.enabled = rule.enabled;
    message.host = rule.host;
    message.cidr = rule.cidr ? rule.cidr->toString() : "";
    message.ports.assign(rule.ports.begin(), rule.ports.end());
    message.methods = rule.methods;
    message.path = rule.path;
    message.process = rule.process;
    message.action = policy::actionName(rule.action);
    message.isPrivate = rule.isPrivate;
    message.expires = rule.expires ? toRfc3339(*rule.expires) : "";
    message.lasts = policy::lastsName(rule.lasts);
    message.pid = rule.pid;
    if (rule.inject)
        message.inject = {rule.inject->header, rule.inject->value, rule.inject->user,
                          rule.inject->password};
    message.note = rule.note;
    return message;
}

Result<policy::Rule> ruleOf(const api::EgressRule& message)
{
    policy::Rule rule;
    rule.id = message.id;
    rule.enabled = message.enabled;
    rule.host = message.host;
    if (!message.cidr.empty()) {
        rule.cidr = policy::Cidr::parse(message.cidr);
        if (!rule.cidr)
            return fail(ErrorCode::BadRequest,
                        "\"" + message.cidr + "\" is no block of addresses, as 203.0.113.0/24 is");
    }
    for (const std::int64_t port : message.ports) {
        if (port < 1 || port > std::numeric_limits<std::uint16_t>::max())
            return fail(ErrorCode::BadRequest, "a port must be 1 to 65535");
        rule.ports.push_back(static_cast<std::uint16_t>(port));
    }
    rule.methods = message.methods;
    rule.path = message.path;
    rule.process = message.process;
    const auto action = actionOf(message.action);
    if (!action)
        return std::unexpected(action.error());
    rule.action = *action;
    rule.isPrivate = message.isPrivate;
    if (!message.expires.empty()) {
        rule.expires = fromRfc3339(message.expires);
        if (!rule.expires)
            return fail(ErrorCode::BadRequest,
                        "\"expires\" must be a time as 2026-12-01T12:00:00Z is");
    }
    const auto lasts = lastsOf(message.lasts);
    if (!lasts)
        return std::unexpected(lasts.error());
    rule.lasts = *lasts;
    rule.pid = message.pid;
    if (message.inject)
        rule.inject = policy::Injection{message.inject->header, message.inject->value,
                                        message.inject->user, message.inject->password};
    rule.note = message.note;
    return rule;
}

} // namespace caisson::keeper
