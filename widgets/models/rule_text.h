// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/policy/policy.h"

#include <QDateTime>
#include <QString>

namespace caisson {

/// What a rule consists of, as a person reads and types it.
enum class RuleField {
    Action,
    Host, ///< or a block of addresses
    Methods,
    Path,
    Ports,
    Process,
    Private,
    Expires,
    Secret,
    Note
};

/// As it is typed: "443, 8443", "GET, HEAD", "Authorization: Bearer ${secret:github}", "basic
/// x-access-token:${secret:github}", "2026-12-01 12:00". Empty: any, or never.
QString fieldText(const api::EgressRule& rule, RuleField field);

/// As it is read: "any" stands where nothing is said, and when a timed rule ends is told from `now`.
QString shownField(const api::EgressRule& rule, RuleField field, const QDateTime& now);

/// How long it still holds where it does not for ever: "14 min", "3 h", "session", "process 42"; empty
/// for ever.
QString shortLife(const api::EgressRule& rule, const QDateTime& now);

/// "Matched 3 times, the last on 1 Dec 2026 12:00": what columns have no room for.
QString matchText(const api::EgressRule& rule);

/// Reads what was typed. Returns why it cannot be, as a sentence, and leaves the rule as it was;
/// empty when it is done. The rule as a whole must hold. Times may be "15m", "2h" or "3d" from `now`.
QString setField(api::EgressRule& rule, RuleField field, const QString& text, const QDateTime& now);

/// The names of the secrets that it puts in.
QStringList secretsOf(const api::EgressRule& rule);

/// Why it is no rule, as a sentence; empty when it is one.
QString ruleProblem(const api::EgressRule& rule);

/// "allow", in the window's language.
QString actionText(const std::string& action);

/// "allow GET, HEAD *.github.com/repos/**": in a few words, for menus and undo.
QString ruleSummary(const api::EgressRule& rule);

api::EgressRule toApi(const policy::Rule& rule);

} // namespace caisson
