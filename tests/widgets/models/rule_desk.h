// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/fake_backend.h"
#include "widgets/models/rule_model.h"

#include <QAbstractItemModelTester>
#include <QTest>
#include <memory>

namespace caisson::test {

inline api::EgressRule rule(const char* id, const char* host, const char* action = "allow")
{
    api::EgressRule made;
    made.id = id;
    made.host = host;
    made.action = action;
    return made;
}

inline void settle()
{
    for (int turn = 0; turn < 40; ++turn)
        QCoreApplication::processEvents();
}

/// "allow api.example.com GET, HEAD /v1/**", a rule a line; "-" before one that is off.
inline QString textOf(const RuleTable& table)
{
    QString text;
    for (const api::EgressRule& rule : table.rules)
        text += (rule.enabled ? QString() : QStringLiteral("-")) + ruleSummary(rule) +
                QLatin1Char('\n');
    return text + QStringLiteral("else ") + table.defaultAction;
}

inline RuleTable inForce(FakeBackend& backend, const QString& id)
{
    const api::EgressPolicy& policy = backend.policyOf(id);
    return {QString::fromStdString(policy.defaultAction),
            {policy.rules.begin(), policy.rules.end()}};
}

/// A sandbox with three rules, a model of them, and what it refused.
struct Desk
{
    Desk()
    {
        id = backend.addSandbox(QStringLiteral("bench"));
        backend.setPolicy(id, {rule("r1", "one.example"), rule("r2", "two.example", "deny"),
                               rule("r3", "three.example")});
        model = std::make_unique<RuleModel>(backend, id);
        tester = std::make_unique<QAbstractItemModelTester>(model.get());
        QObject::connect(
            model.get(), &RuleModel::refused, [this](const QString& what, const Error& error) {
                refused += what + QLatin1Char(' ') + QString::fromStdString(error.message);
            });
        model->refresh();
        settle();
    }
    bool set(int row, int column, const QString& text)
    {
        const bool isSet = model->setData(model->index(row, column), text);
        settle();
        return isSet;
    }
    QString shown() const { return textOf(model->table()); }
    /// What is shown is what is in force.
    QString both()
    {
        settle();
        const QString forced = textOf(inForce(backend, id));
        return forced == shown() ? forced : "shown:\n" + shown() + "\nin force:\n" + forced;
    }

    FakeBackend backend;
    QString id;
    std::unique_ptr<RuleModel> model;
    std::unique_ptr<QAbstractItemModelTester> tester;
    QStringList refused;
};

inline const QString kFirst =
    QStringLiteral("allow one.example\ndeny two.example\nallow three.example\n"
                   "else ask");

} // namespace caisson::test
