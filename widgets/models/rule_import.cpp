// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_import.h"

#include "backend/policy/policy_file.h"
#include "widgets/models/rule_text.h"

#include <algorithm>
#include <set>

namespace caisson {

namespace {

bool isAboutTheSame(const api::EgressRule& one, const api::EgressRule& other)
{
    return one.host == other.host && one.cidr == other.cidr;
}

bool saysTheSame(const api::EgressRule& known, api::EgressRule rule)
{
    rule.id = known.id;
    return isSameRule(known, rule);
}

/// Of a rule that says the same and that no other has taken; a new one where there is none.
std::string idOfSame(const RuleTable& table, const api::EgressRule& rule,
                     const std::set<std::string>& taken)
{
    for (const api::EgressRule& known : table.rules) {
        if (isAboutTheSame(known, rule) && !taken.contains(known.id) && saysTheSame(known, rule))
            return known.id;
    }
    return newRuleId();
}

} // namespace

RuleTable withRules(RuleTable table, const QList<api::EgressRule>& rules,
                    const QString& defaultAction)
{
    if (!defaultAction.isEmpty())
        table.defaultAction = defaultAction;
    for (api::EgressRule rule : rules) {
        const bool isThere = std::ranges::any_of(
            table.rules, [&](const api::EgressRule& known) { return saysTheSame(known, rule); });
        if (isThere)
            continue;
        if (rule.id.empty() || table.rowOf(rule.id) >= 0)
            rule.id = newRuleId();
        table.rules += rule;
    }
    return table;
}

Result<RuleTable> tableOfFile(const std::string& toml, const RuleTable& now)
{
    const Result<policy::Policy> parsed = policy::parsePolicy(toml, policy::MissingIds::Left);
    if (!parsed)
        return std::unexpected(parsed.error());
    RuleTable table;
    table.defaultAction =
        QString::fromStdString(std::string(policy::actionName(parsed->defaultAction)));
    std::set<std::string> taken;
    for (const policy::Rule& rule : parsed->rules)
        taken.insert(rule.id);
    for (const policy::Rule& rule : parsed->rules) {
        api::EgressRule made = toApi(rule);
        // Without an id it is the one here that says the same. One that the file names is the
        // person's word for that rule, whatever it was about until now.
        if (made.id.empty())
            made.id = idOfSame(now, made, taken);
        taken.insert(made.id);
        table.rules += made;
    }
    return table;
}

} // namespace caisson
