// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QList>
#include <QString>
#include <functional>
#include <optional>

namespace caisson {

/// The rules in their order, and what decides where none does.
struct RuleTable
{
    QString defaultAction = QStringLiteral("ask");
    QList<api::EgressRule> rules;

    qsizetype rowOf(const std::string& id) const; ///< -1: not there
    bool operator==(const RuleTable&) const = default;
};

/// One that no rule has or ever had: the log, and how often a rule matched, go by it. It is drawn, for
/// the keeper may give the next number to an answer at any time; its own begin with another letter.
std::string newRuleId();

/// Whether a person would call them the same: how often they matched is left out.
bool isSameRule(const api::EgressRule& one, const api::EgressRule& other);

/// Between which others a rule stands, so that its place is found again in a table that was changed
/// meanwhile: with the fewest of them on the wrong side and, of several such places, the first. A
/// rule that had others behind it, "deny **" say, is not the last one because they are gone.
struct RulePlace
{
    QList<std::string> above;
    QList<std::string> below;

    qsizetype in(const RuleTable& table) const;
};

/// Before the row `before`.
RulePlace placeAt(const RuleTable& table, qsizetype before);

/// One thing a person did to the table. It names rules by id and knows how they were, so that it can
/// be done to a table that has changed elsewhere meanwhile.
struct RuleChange
{
    QString text; ///< "Change api.example.com"
    /// False, and the table as it was, where what it is about is not there any more or is another.
    std::function<bool(RuleTable&)> apply;
};

/// A change and the one that takes it back.
struct RuleEdit
{
    RuleChange forth;
    RuleChange back;
};

RuleEdit replaceRule(const QString& text, const api::EgressRule& before,
                     const api::EgressRule& after);
/// Nothing: at the end.
RuleEdit addRules(const QString& text, const QList<api::EgressRule>& rules,
                  const std::optional<RulePlace>& place);
RuleEdit removeRules(const QString& text, const RuleTable& table, const QList<std::string>& ids);
RuleEdit moveRule(const QString& text, const RuleTable& table, const std::string& id,
                  const std::string& before);
RuleEdit setDefault(const QString& text, const QString& before, const QString& after);
/// One after the other, or none of them.
RuleEdit both(const QString& text, const RuleEdit& first, const RuleEdit& second);
/// The table as a whole, as a policy file gives it. Rules that came elsewhere meanwhile stay: in
/// front of all others where they were, else before the next one that there still is.
RuleEdit replaceTable(const QString& text, const RuleTable& before, const RuleTable& after);

} // namespace caisson
