// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_table.h"

#include <QHash>
#include <QRandomGenerator>
#include <algorithm>
#include <string_view>

namespace caisson {

namespace {

RuleChange replacing(const QString& text, const api::EgressRule& before,
                     const api::EgressRule& after)
{
    return {text, [before, after](RuleTable& table) {
                const qsizetype row = table.rowOf(before.id);
                if (row < 0 || !isSameRule(table.rules[row], before))
                    return false;
                api::EgressRule replaced = after;
                replaced.hits = table.rules[row].hits;
                replaced.last = table.rules[row].last;
                table.rules[row] = replaced;
                return true;
            }};
}

bool hasAnyOf(const RuleTable& table, const QList<api::EgressRule>& rules)
{
    return std::ranges::any_of(
        rules, [&](const api::EgressRule& rule) { return table.rowOf(rule.id) >= 0; });
}

RuleChange adding(const QString& text, const QList<api::EgressRule>& rules,
                  const std::optional<RulePlace>& place)
{
    return {text, [rules, place](RuleTable& table) {
                if (hasAnyOf(table, rules))
                    return false;
                qsizetype row = place ? place->in(table) : table.rules.size();
                for (const api::EgressRule& rule : rules)
                    table.rules.insert(row++, rule);
                return true;
            }};
}

/// Before the rule `before`; empty: at the end.
RuleChange puttingBack(const api::EgressRule& rule, const std::string& before)
{
    return {{}, [rule, before](RuleTable& table) {
                if (hasAnyOf(table, {rule}))
                    return false;
                // Where its neighbour has gone, the end is the safest place: nothing is overruled.
                const qsizetype row = before.empty() ? -1 : table.rowOf(before);
                table.rules.insert(row < 0 ? table.rules.size() : row, rule);
                return true;
            }};
}

RuleChange removing(const QString& text, const QList<api::EgressRule>& rules)
{
    return {text, [rules](RuleTable& table) {
                for (const api::EgressRule& rule : rules) {
                    const qsizetype row = table.rowOf(rule.id);
                    if (row < 0 || !isSameRule(table.rules[row], rule))
                        return false;
                }
                for (const api::EgressRule& rule : rules)
                    table.rules.removeAt(table.rowOf(rule.id));
                return true;
            }};
}

RuleChange moving(const QString& text, const std::string& id, const std::string& before)
{
    return {text, [id, before](RuleTable& table) {
                const qsizetype from = table.rowOf(id);
                if (from < 0 || (!before.empty() && table.rowOf(before) < 0))
                    return false;
                const api::EgressRule rule = table.rules.takeAt(from);
                table.rules.insert(before.empty() ? table.rules.size() : table.rowOf(before), rule);
                return true;
            }};
}

RuleChange defaulting(const QString& text, const QString& before, const QString& after)
{
    return {text, [before, after](RuleTable& table) {
                if (table.defaultAction != before)
                    return false;
                table.defaultAction = after;
                return true;
            }};
}

bool isSameTable(const RuleTable& one, const RuleTable& other)
{
    return one.defaultAction == other.defaultAction &&
           std::ranges::equal(one.rules, other.rules, isSameRule);
}

/// `after` with what `now` has and `before` has not; nothing where they have nothing else in common
/// any more.
std::optional<RuleTable> rebased(const RuleTable& now, const RuleTable& before,
                                 const RuleTable& after)
{
    RuleTable kept{now.defaultAction, {}};
    for (const api::EgressRule& rule : now.rules) {
        if (before.rowOf(rule.id) >= 0)
            kept.rules += rule;
    }
    if (!isSameTable(kept, before))
        return std::nullopt;
    RuleTable made = after;
    const qsizetype firstKept =
        kept.rules.isEmpty() ? now.rules.size() : now.rowOf(kept.rules.first().id);
    std::string next;
    for (qsizetype row = now.rules.size() - 1; row >= 0; --row) {
        const api::EgressRule& rule = now.rules[row];
        if (before.rowOf(rule.id) < 0) {
            if (made.rowOf(rule.id) >= 0)
                return std::nullopt;
            const qsizetype place = row < firstKept ? 0
                                    : next.empty()  ? made.rules.size()
                                                    : made.rowOf(next);
            made.rules.insert(place, rule);
        }
        if (made.rowOf(rule.id) >= 0)
            next = rule.id;
    }
    return made;
}

RuleChange exchanging(const QString& text, const RuleTable& before, const RuleTable& after)
{
    return {text, [before, after](RuleTable& table) {
                const std::optional<RuleTable> made = rebased(table, before, after);
                if (made)
                    table = *made;
                return made.has_value();
            }};
}

RuleChange inTurn(const QString& text, const RuleChange& first, const RuleChange& second)
{
    return {text, [first, second](RuleTable& table) {
                RuleTable tried = table;
                if (!first.apply(tried) || !second.apply(tried))
                    return false;
                table = tried;
                return true;
            }};
}

std::string idAfter(const RuleTable& table, qsizetype row)
{
    return row + 1 < table.rules.size() ? table.rules[row + 1].id : std::string();
}

} // namespace

qsizetype RuleTable::rowOf(const std::string& id) const
{
    const auto found = std::ranges::find(rules, id, &api::EgressRule::id);
    return found == rules.end() ? -1 : found - rules.begin();
}

qsizetype RulePlace::in(const RuleTable& table) const
{
    QHash<std::string, int> sides; // above: 1, below: -1
    for (const std::string& id : above)
        sides.insert(id, 1);
    for (const std::string& id : below)
        sides.insert(id, -1);
    // How many more than at the very top are on the wrong side.
    qsizetype wrong = 0;
    qsizetype least = 0;
    qsizetype best = 0;
    bool isKnown = false;
    for (qsizetype row = 0; row < table.rules.size(); ++row) {
        const int side = sides.value(table.rules[row].id);
        isKnown = isKnown || side != 0;
        wrong -= side;
        if (wrong < least) {
            least = wrong;
            best = row + 1;
        }
    }
    if (isKnown)
        return best;
    const qsizetype lowest = table.rules.size() - (below.isEmpty() ? 0 : 1);
    return std::clamp<qsizetype>(above.size(), 0, std::max<qsizetype>(lowest, 0));
}

RulePlace placeAt(const RuleTable& table, qsizetype before)
{
    RulePlace place;
    for (qsizetype row = 0; row < table.rules.size(); ++row)
        (row < before ? place.above : place.below) += table.rules[row].id;
    return place;
}

std::string newRuleId()
{
    // No two letters or digits that look alike; 2^40 ids.
    constexpr std::string_view kSigns = "abcdefghijkmnpqrstuvwxyz23456789";
    constexpr int kLength = 8;
    std::string id = "w";
    for (int at = 0; at < kLength; ++at)
        id += kSigns[QRandomGenerator::global()->bounded(static_cast<quint32>(kSigns.size()))];
    return id;
}

bool isSameRule(const api::EgressRule& one, const api::EgressRule& other)
{
    api::EgressRule like = other;
    like.hits = one.hits;
    like.last = one.last;
    // "always" goes without saying.
    const auto lasts = [](const std::string& word) {
        return word == "always" ? std::string() : word;
    };
    if (lasts(one.lasts) == lasts(like.lasts))
        like.lasts = one.lasts;
    return one == like;
}

RuleEdit replaceRule(const QString& text, const api::EgressRule& before,
                     const api::EgressRule& after)
{
    return {replacing(text, before, after), replacing(text, after, before)};
}

RuleEdit addRules(const QString& text, const QList<api::EgressRule>& rules,
                  const std::optional<RulePlace>& place)
{
    return {adding(text, rules, place), removing(text, rules)};
}

RuleEdit removeRules(const QString& text, const RuleTable& table, const QList<std::string>& ids)
{
    struct Place
    {
        api::EgressRule rule;
        std::string before;
    };
    QList<Place> places;
    QList<api::EgressRule> rules;
    for (qsizetype row = table.rules.size() - 1; row >= 0; --row) {
        if (ids.contains(table.rules[row].id)) {
            places.prepend({table.rules[row], idAfter(table, row)});
            rules.prepend(table.rules[row]);
        }
    }
    const RuleChange back{text, [places](RuleTable& changed) {
                              // From the last one on, so that each finds its neighbour again.
                              RuleTable tried = changed;
                              for (auto place = places.rbegin(); place != places.rend(); ++place) {
                                  if (!puttingBack(place->rule, place->before).apply(tried))
                                      return false;
                              }
                              changed = tried;
                              return true;
                          }};
    return {removing(text, rules), back};
}

RuleEdit moveRule(const QString& text, const RuleTable& table, const std::string& id,
                  const std::string& before)
{
    return {moving(text, id, before), moving(text, id, idAfter(table, table.rowOf(id)))};
}

RuleEdit setDefault(const QString& text, const QString& before, const QString& after)
{
    return {defaulting(text, before, after), defaulting(text, after, before)};
}

RuleEdit both(const QString& text, const RuleEdit& first, const RuleEdit& second)
{
    return {inTurn(text, first.forth, second.forth), inTurn(text, second.back, first.back)};
}

RuleEdit replaceTable(const QString& text, const RuleTable& before, const RuleTable& after)
{
    return {exchanging(text, before, after), exchanging(text, after, before)};
}

} // namespace caisson
