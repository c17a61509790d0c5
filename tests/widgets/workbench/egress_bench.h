// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/egress_samples.h"
#include "tests/widgets/workbench/bench.h"
#include "widgets/models/rule_model.h"

#include <QLineEdit>
#include <QTableView>

namespace caisson::test {

/// The same window, and its right column.
struct EgressBench : Bench
{
    QTabBar* sideTabs() const { return find<QTabBar>("side.tabs"); }
    void showTab(int tab) const
    {
        sideTabs()->setCurrentIndex(tab);
        settle();
    }
    QTableView* requests() const { return find<QTableView>("requests.table"); }
    QTableView* rules() const { return find<QTableView>("rules.table"); }
    QTableView* secrets() const { return find<QTableView>("secrets.table"); }
    QStringList hosts() const
    {
        QStringList hosts;
        for (int row = 0; rules() && row < rules()->model()->rowCount(); ++row)
            hosts += rules()->model()->index(row, RuleModel::Host).data().toString();
        return hosts;
    }
    QString note() const
    {
        const auto* label = find<QLabel>("note.what");
        return label ? label->text() : QString();
    }
    void type(const char* name, const QString& text) const
    {
        auto* edit = find<QLineEdit>(name);
        QVERIFY2(edit, name);
        edit->setFocus();
        QTest::keyClicks(edit, text);
    }
};

} // namespace caisson::test
