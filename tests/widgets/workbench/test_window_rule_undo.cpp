// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"

using namespace caisson;
using test::EgressBench;
using test::sampleRule;

/// What is done to the rules is taken back, step by step.
class TestWindowRuleUndo : public QObject
{
    Q_OBJECT

private slots:
    void aNewRuleIsOneStep();
    void undoGoesOnBehindWhatIsOver();
};

/// A rule about example.invalid was in force until the host was typed, and after one Ctrl+Z again.
void TestWindowRuleUndo::aNewRuleIsOneStep()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    const auto add = [&] {
        bench.click("rules.addRule");
        QVERIFY(bench.find<QLineEdit>("rules.edit"));
        QCOMPARE(bench.find<QLineEdit>("rules.edit")->text(), QString());
        QVERIFY(!bench.find<QLineEdit>("rules.edit")->placeholderText().isEmpty());
        QCOMPARE(bench.backend.policyOf(bench.id).rules.size(), 1U);
    };
    add();
    QVERIFY(!bench.find("rule.path")->isEnabled()); // it would be left for it, and be none
    bench.press(Qt::Key_Return);
    QVERIFY(bench.isShown("rules.edit.problem")); // it is about no host yet
    QTest::keyClicks(bench.find("rules.edit"), QStringLiteral("api."));
    bench.click("rules.addRule"); // is this one
    QCOMPARE(QApplication::focusWidget(), bench.find("rules.edit"));
    QTest::keyClicks(bench.find("rules.edit"), QStringLiteral("example.com"));
    QCOMPARE(bench.backend.policyOf(bench.id).rules.size(), 1U);
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.hosts(), (QStringList{"api.example.com", "one.example"}));
    QVERIFY(bench.find("rule.path")->isEnabled());
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "api.example.com");
    bench.rules()->setFocus();
    bench.press(QKeySequence::Undo);
    QCOMPARE(bench.hosts(), QStringList{"one.example"});
    QCOMPARE(bench.backend.policyOf(bench.id).rules.size(), 1U);
    QVERIFY(!bench.find("rules.undoRule")->isEnabled());
    // One that is left without a name goes, also by a click elsewhere, and costs no step.
    add();
    bench.find("rules.question")->setFocus();
    bench.settle();
    QVERIFY(!bench.isShown("rules.edit"));
    QCOMPARE(bench.hosts(), QStringList{"one.example"});
    bench.click("rules.redoRule");
    QCOMPARE(bench.hosts(), (QStringList{"api.example.com", "one.example"}));
}

/// Undo said "“Change example.invalid” was not done" at every click, and what was done before the rule
/// that somebody else had removed could not be reached.
void TestWindowRuleUndo::undoGoesOnBehindWhatIsOver()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_Space);
    bench.click("rules.addRule");
    QTest::keyClicks(bench.find("rules.edit"), QStringLiteral("new.example"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.hosts(), (QStringList{"new.example", "one.example"}));
    api::EgressRule off = sampleRule("r1", "deny", "one.example");
    off.enabled = false;
    bench.backend.setPolicy(bench.id, {off, sampleRule("r9", "allow", "nine.example")});
    QTRY_COMPARE(bench.hosts(), (QStringList{"one.example", "nine.example"}));
    bench.click("rules.undoRule");
    const QString over = QStringLiteral(
        "“Undo: Add new.example” cannot be done any more: the rules were changed elsewhere.");
    QTRY_COMPARE(bench.errorText(), over);
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("Undo goes on with what you did before that."));
    QVERIFY(bench.find("rules.undoRule")->isEnabled());
    bench.click("rules.undoRule");
    QTRY_VERIFY(bench.backend.policyOf(bench.id).rules[0].enabled);
    QTRY_VERIFY(!bench.isShown("errorStrip.what"));
    QVERIFY(!bench.find("rules.undoRule")->isEnabled());

    // Twice in a row: the sentence about the one stays, though the other was done.
    bench.rules()->setFocus();
    bench.press(Qt::Key_Space);
    bench.click("rules.addRule");
    QTest::keyClicks(bench.find("rules.edit"), QStringLiteral("new.example"));
    bench.press(Qt::Key_Return);
    bench.settle();
    bench.backend.setPolicy(bench.id, {off});
    QTRY_COMPARE(bench.hosts(), QStringList{"one.example"});
    auto* stack = qobject_cast<RuleModel*>(bench.rules()->model())->undoStack();
    stack->undo();
    stack->undo();
    QTRY_VERIFY(bench.backend.policyOf(bench.id).rules[0].enabled);
    bench.settle();
    QCOMPARE(bench.errorText(), over);
}

QTEST_MAIN(TestWindowRuleUndo)
#include "test_window_rule_undo.moc"
