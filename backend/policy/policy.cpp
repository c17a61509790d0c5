// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/policy.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace caisson::policy {

namespace {

void collectSecrets(std::string_view text, std::vector<std::string>& names)
{
    constexpr std::string_view kOpen = "${secret:";
    for (std::size_t at = text.find(kOpen); at != std::string_view::npos;
         at = text.find(kOpen, at)) {
        at += kOpen.size();
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos)
            return;
        const std::string_view name = text.substr(at, end - at);
        if (std::ranges::find(names, name) == names.end())
            names.emplace_back(name);
        at = end;
    }
}

} // namespace

std::string_view actionName(Action action)
{
    switch (action) {
    case Action::Allow:
        return "allow";
    case Action::Deny:
        return "deny";
    case Action::Ask:
        return "ask";
    case Action::Tunnel:
        return "tunnel";
    }
    return "deny";
}

std::optional<Action> actionFromName(std::string_view name)
{
    for (const Action action : {Action::Allow, Action::Deny, Action::Ask, Action::Tunnel}) {
        if (name == actionName(action))
            return action;
    }
    return std::nullopt;
}

std::string_view lastsName(Lasts lasts)
{
    switch (lasts) {
    case Lasts::Always:
        return "always";
    case Lasts::Session:
        return "session";
    case Lasts::Process:
        return "process";
    }
    return "always";
}

std::optional<Lasts> lastsFromName(std::string_view name)
{
    for (const Lasts lasts : {Lasts::Always, Lasts::Session, Lasts::Process}) {
        if (name == lastsName(lasts))
            return lasts;
    }
    return std::nullopt;
}

std::vector<std::string> Injection::secrets() const
{
    std::vector<std::string> names;
    collectSecrets(value, names);
    collectSecrets(user, names);
    collectSecrets(password, names);
    return names;
}

std::vector<std::string> secretsOf(const Policy& policy)
{
    std::set<std::string> names;
    for (const Rule& rule : policy.rules) {
        if (rule.inject)
            std::ranges::move(rule.inject->secrets(), std::inserter(names, names.end()));
    }
    return {names.begin(), names.end()};
}

} // namespace caisson::policy
