// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/models/rule_desk.h"

using namespace caisson;
using test::Desk;
using test::inForce;
using test::kFirst;
using test::rule;
using test::settle;
using test::textOf;

/// What is done to the rules can be taken back, and what could not be done is.
class TestRuleUndo : public QObject
{
    Q_OBJECT

private slots:
    void everythingCanBeUndone();
    void whatIsRefusedIsTakenBack();
    void whatIsRefusedLeavesTheStackAsItWas();
    void aStepThatIsOverIsForgotten();
    void stepsInTurnAreForgottenApart();
    void aWholeTableIsUndoneBesideWhatCame();
    void aDraftIsNoRule();
    void aDraftKeepsItsPlace_data();
    void aDraftKeepsItsPlace();
};

void TestRuleUndo::everythingCanBeUndone()
{
    Desk desk;
    QStringList states{desk.both()};
    const auto then = [&] { states += desk.both(); };
    desk.set(1, RuleModel::Host, QStringLiteral("changed.example"));
    then();
    desk.model->add(rule("", "new.example"), 3);
    then();
    desk.model->move(0, 4);
    then();
    desk.model->remove({0, 1, 3});
    then();
    desk.model->setEnabled(0, false);
    then();
    desk.model->setDefaultAction(QStringLiteral("allow"));
    then();
    QVERIFY(desk.model
                ->importToml("default = \"deny\"\n[[rule]]\nid = \"x\"\nhost = "
                             "\"x.example\"\naction = \"allow\"\n")
                .isEmpty());
    then();
    for (qsizetype at = states.size() - 2; at >= 0; --at) {
        desk.model->undoStack()->undo();
        QCOMPARE(desk.both(), states[at]);
    }
    QVERIFY(!desk.model->undoStack()->canUndo());
    for (qsizetype at = 1; at < states.size(); ++at) {
        desk.model->undoStack()->redo();
        QCOMPARE(desk.both(), states[at]);
    }
    QCOMPARE(desk.refused, QStringList());
}

void TestRuleUndo::whatIsRefusedIsTakenBack()
{
    Desk desk;
    desk.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                          QStringLiteral("that host is odd"));
    QVERIFY(
        desk.model->setData(desk.model->index(0, RuleModel::Host), QStringLiteral("odd.example")));
    QVERIFY(desk.shown().startsWith(QStringLiteral("allow odd.example"))); // at once
    QVERIFY(desk.model->isChanging());
    QCOMPARE(desk.both(), kFirst);
    QVERIFY(!desk.model->isChanging());
    QCOMPARE(desk.refused, QStringList{"“Change one.example” was not done; the rules are as they "
                                       "were. that host is odd"});
    QVERIFY(!desk.model->undoStack()->canUndo());
    QCOMPARE(desk.model->undoStack()->count(), 0);
}

void TestRuleUndo::whatIsRefusedLeavesTheStackAsItWas()
{
    Desk desk;
    desk.set(0, RuleModel::Host, QStringLiteral("a.example"));
    QUndoStack* stack = desk.model->undoStack();
    const auto failNext = [&] {
        desk.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::Unavailable,
                              QStringLiteral("nobody there"));
    };
    failNext();
    stack->undo();
    QVERIFY(desk.both().startsWith(QStringLiteral("allow a.example")));
    QVERIFY(stack->canUndo());
    stack->undo();
    QCOMPARE(desk.both(), kFirst);
    failNext();
    stack->redo();
    QCOMPARE(desk.both(), kFirst);
    QVERIFY(stack->canRedo());
    stack->redo();
    QVERIFY(desk.both().startsWith(QStringLiteral("allow a.example")));
    QCOMPARE(desk.refused,
             (QStringList{"“Undo: Change one.example” was not done; the rules are as they were. "
                          "nobody there",
                          "“Redo: Change one.example” was not done; the rules are as they were. "
                          "nobody there"}));
    // An import that was refused had emptied Redo.
    desk.set(0, RuleModel::Path, QStringLiteral("/x"));
    const QString all = desk.both();
    stack->undo();
    stack->undo();
    QCOMPARE(desk.both(), kFirst);
    failNext();
    QVERIFY(
        desk.model->importToml("[[rule]]\nhost = \"b.example\"\naction = \"deny\"\n").isEmpty());
    QCOMPARE(desk.both(), kFirst);
    QVERIFY(!stack->canUndo());
    QCOMPARE(stack->redoText(), QStringLiteral("Change one.example"));
    stack->redo();
    stack->redo();
    QCOMPARE(desk.both(), all);
    QCOMPARE(desk.refused.size(), 3);
    // One that was done has.
    stack->undo();
    desk.set(1, RuleModel::Path, QStringLiteral("/y"));
    QCOMPARE(desk.both(),
             QStringLiteral("allow a.example\ndeny two.example/y\nallow three.example\nelse ask"));
    QVERIFY(!stack->canRedo());
}

/// It stood before all that had been done earlier, for good: each click on Undo said the same again.
void TestRuleUndo::aStepThatIsOverIsForgotten()
{
    Desk desk;
    QUndoStack* stack = desk.model->undoStack();
    desk.set(0, RuleModel::Host, QStringLiteral("a.example"));
    desk.set(1, RuleModel::Host, QStringLiteral("b.example"));
    desk.set(2, RuleModel::Host, QStringLiteral("c.example"));
    desk.backend.setPolicy(desk.id, {rule("r1", "a.example"), rule("r2", "theirs.example", "deny"),
                                     rule("r3", "c.example"), rule("r9", "nine.example")});
    settle();
    stack->undo(); // of a rule that nobody else touched
    const QString others = QStringLiteral("deny theirs.example\nallow three.example\n"
                                          "allow nine.example\nelse ask");
    QCOMPARE(desk.both(), "allow a.example\n" + others);
    QCOMPARE(desk.refused, QStringList());
    stack->undo();
    QCOMPARE(desk.both(), "allow a.example\n" + others);
    QCOMPARE(desk.refused, QStringList{"“Undo: Change two.example” cannot be done any more: the "
                                       "rules were changed elsewhere. Undo goes on with what you "
                                       "did before that."});
    QCOMPARE(stack->undoText(), QStringLiteral("Change one.example"));
    QCOMPARE(stack->redoText(), QStringLiteral("Change three.example"));
    stack->undo();
    QCOMPARE(desk.both(), "allow one.example\n" + others);
    QVERIFY(!stack->canUndo());

    desk.backend.setPolicy(desk.id, {rule("r1", "gone.example"), rule("r3", "three.example")});
    settle();
    stack->redo();
    QCOMPARE(desk.both(), QStringLiteral("allow gone.example\nallow three.example\nelse ask"));
    QCOMPARE(desk.refused.last(),
             QStringLiteral("“Redo: Change one.example” cannot be done any more: the rules were "
                            "changed elsewhere. "));
    stack->redo();
    QCOMPARE(desk.both(), QStringLiteral("allow gone.example\nallow c.example\nelse ask"));
    QVERIFY(!stack->canRedo());
    QCOMPARE(stack->count(), 1);
    QCOMPARE(desk.refused.size(), 2);

    // What the service does not take now, it will not take later, but for want of a secret.
    const auto failNext = [&](const std::map<std::string, std::string>& detail) {
        desk.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                              QStringLiteral("that host is odd"), detail);
    };
    failNext({{"secret", "github"}});
    stack->undo();
    settle();
    QVERIFY(stack->canUndo());
    failNext({});
    stack->undo();
    QCOMPARE(desk.both(), QStringLiteral("allow gone.example\nallow c.example\nelse ask"));
    QCOMPARE(desk.refused.last(),
             QStringLiteral("“Undo: Change three.example” cannot be done any more. That host is "
                            "odd."));
    QCOMPARE(stack->count(), 0);
}

/// Ctrl+Z twice in a row: what cannot be done takes nothing along.
void TestRuleUndo::stepsInTurnAreForgottenApart()
{
    Desk desk;
    QUndoStack* stack = desk.model->undoStack();
    desk.set(0, RuleModel::Host, QStringLiteral("a.example"));
    desk.set(1, RuleModel::Host, QStringLiteral("b.example"));
    desk.set(2, RuleModel::Host, QStringLiteral("c.example"));
    desk.backend.setPolicy(desk.id,
                           {rule("r1", "a.example"), rule("r2", "theirs.example", "deny")});
    settle();
    stack->undo();
    stack->undo();
    stack->undo();
    QCOMPARE(desk.both(), QStringLiteral("allow one.example\ndeny theirs.example\nelse ask"));
    QCOMPARE(desk.refused.size(), 2);
    QVERIFY(!stack->canUndo());
    QCOMPARE(stack->count(), 1);
    // And one that was forgotten by the stack while it was on its way.
    desk.backend.hold();
    stack->redo();
    stack->undo();
    desk.set(1, RuleModel::Path, QStringLiteral("/x"));
    desk.backend.release();
    QCOMPARE(desk.both(), QStringLiteral("allow one.example\ndeny theirs.example/x\nelse ask"));
    QCOMPARE(stack->count(), 1);
}

/// An import, or a preset, could not be undone once an answer had become a rule.
void TestRuleUndo::aWholeTableIsUndoneBesideWhatCame()
{
    Desk desk;
    QUndoStack* stack = desk.model->undoStack();
    desk.model->addAll(QStringLiteral("Registries"), {rule("npm", "registry.npmjs.org")}, "deny");
    settle();
    const QString before = desk.both();
    QVERIFY(desk.model
                ->importToml("default = \"allow\"\n"
                             "[[rule]]\nid = \"x\"\nhost = \"x.example\"\naction = \"deny\"\n"
                             "[[rule]]\nid = \"r2\"\nhost = \"two.example\"\naction = \"deny\"\n")
                .isEmpty());
    settle();
    desk.backend.setPolicy(desk.id,
                           {rule("a1", "first.example"), rule("a2", "second.example"),
                            rule("x", "x.example", "deny"), rule("a3", "third.example"),
                            rule("r2", "two.example", "deny"), rule("a4", "fourth.example")},
                           "allow");
    settle();
    stack->undo();
    QCOMPARE(desk.both(), QStringLiteral("allow first.example\nallow second.example\n"
                                         "allow one.example\nallow third.example\n"
                                         "deny two.example\nallow three.example\n"
                                         "allow registry.npmjs.org\nallow fourth.example\n"
                                         "else deny"));
    stack->undo();
    QCOMPARE(desk.both(), QStringLiteral("allow first.example\nallow second.example\n"
                                         "allow one.example\nallow third.example\n"
                                         "deny two.example\nallow three.example\n"
                                         "allow fourth.example\nelse ask"));
    QCOMPARE(desk.refused, QStringList());
    // Not where one of the rules themselves is another.
    stack->redo();
    settle();
    desk.backend.setPolicy(desk.id, {rule("npm", "registry.npmjs.org", "deny")}, "deny");
    settle();
    stack->undo();
    QCOMPARE(desk.both(), QStringLiteral("deny registry.npmjs.org\nelse deny"));
    QCOMPARE(desk.refused.size(), 1);
}

/// A new rule was in force, for a host that nobody has, until its own was typed, and again after one
/// step of undo.
void TestRuleUndo::aDraftIsNoRule()
{
    Desk desk;
    const auto withDraft = [](const char* rest) {
        return QStringLiteral("allow one.example\nallow \n") + QString::fromUtf8(rest);
    };
    desk.set(0, RuleModel::Path, QStringLiteral("/x"));
    desk.model->undoStack()->undo();
    settle();
    desk.backend.forgetCalls();
    api::EgressRule fresh;
    fresh.action = "allow";
    desk.model->addDraft(fresh, 1);
    settle();
    QCOMPARE(desk.shown(), withDraft("deny two.example\nallow three.example\nelse ask"));
    QVERIFY(desk.model->isDraft(1) && !desk.model->isDraft(0));
    QCOMPARE(desk.model->draft(), desk.model->index(1, RuleModel::Host));
    QVERIFY(!desk.model->draft().data(RuleModel::ActiveRole).toBool());
    QCOMPARE(desk.backend.calls(), QStringList());
    QVERIFY(desk.model->undoStack()->canRedo());
    // It stays where it is while all else goes on.
    desk.backend.setPolicy(desk.id, {rule("r0", "zero.example"), rule("r1", "one.example"),
                                     rule("r2", "two.example", "deny")});
    settle();
    desk.model->setEnabled(2, false); // itself
    desk.model->move(2, 0);
    desk.model->remove({0});
    settle();
    QCOMPARE(desk.shown(), withDraft("deny two.example\nelse ask"));
    desk.model->move(0, 1);
    desk.model->move(0, 3);
    settle();
    QCOMPARE(desk.shown(), QStringLiteral("allow \ndeny two.example\nallow one.example\nelse ask"));
    desk.model->addAll(QStringLiteral("Registries"), {rule("npm", "registry.npmjs.org")}, {});
    settle();
    QCOMPARE(textOf(inForce(desk.backend, desk.id)),
             QStringLiteral("deny two.example\nallow one.example\nallow registry.npmjs.org\n"
                            "else ask"));
    desk.model->dropDraft();
    const QString before = desk.both();

    desk.model->addDraft(fresh, 1);
    QVERIFY(!desk.set(1, RuleModel::Host, QStringLiteral("a b")));
    QVERIFY(!desk.set(1, RuleModel::Methods, QStringLiteral("GET")));
    QVERIFY(desk.set(1, RuleModel::Host, QStringLiteral("new.example")));
    QCOMPARE(desk.both(), QStringLiteral("deny two.example\nallow new.example\n"
                                         "allow one.example\nallow registry.npmjs.org\nelse ask"));
    QVERIFY(!desk.model->isDraft(1));
    QCOMPARE(desk.model->undoStack()->undoText(), QStringLiteral("Add new.example"));
    desk.model->undoStack()->undo();
    QCOMPARE(desk.both(), before);
    desk.model->undoStack()->redo();
    QVERIFY(desk.both().contains(QStringLiteral("allow new.example\n")));
    desk.model->addDraft(fresh, 0);
    desk.model->remove({0});
    QVERIFY(!desk.model->draft().isValid());
    QCOMPARE(desk.refused, QStringList());
}

void TestRuleUndo::aDraftKeepsItsPlace_data()
{
    QTest::addColumn<int>("row"); // of a b c **
    QTest::addColumn<QString>("then");
    QTest::addColumn<QString>("wanted"); // "+" is the new one
    QTest::newRow("lower gone") << 0 << "b c **" << "+ b c **";
    QTest::newRow("upper gone") << 1 << "b c **" << "+ b c **";
    QTest::newRow("both gone") << 2 << "a **" << "a + **";
    QTest::newRow("all but the last") << 1 << "**" << "+ **";
    QTest::newRow("all") << 2 << "x y" << "x + y";
    QTest::newRow("all, for others") << 2 << "x **" << "+ x **";
    QTest::newRow("all, and less") << 3 << "**" << "+ **";
    QTest::newRow("an answer at the top") << 1 << "x a b c **" << "x a + b c **";
    QTest::newRow("one beside it") << 1 << "a x b c **" << "a + x b c **";
    QTest::newRow("upper to the end") << 2 << "a c ** b" << "a + c ** b";
    QTest::newRow("lower to the top") << 2 << "c a b **" << "c a b + **";
    QTest::newRow("from the end") << 4 << "a b c **" << "a b c ** +";
}

/// The rule below it was removed on the command line, or its time ran out, and the new one was saved
/// behind "deny **", where it never matches.
void TestRuleUndo::aDraftKeepsItsPlace()
{
    QFETCH(int, row);
    QFETCH(QString, then);
    QFETCH(QString, wanted);
    const auto rules = [](const QString& hosts) {
        std::vector<api::EgressRule> made;
        for (const QString& host : hosts.split(QLatin1Char(' '), Qt::SkipEmptyParts))
            made.push_back(rule(host.toUtf8(),
                                (host == QLatin1String("**") ? host : host + ".example").toUtf8(),
                                "deny"));
        return made;
    };
    const auto hosts = [](const RuleTable& table) {
        QStringList shown;
        for (const api::EgressRule& rule : table.rules)
            shown += rule.host.empty() || rule.host == "new.example"
                         ? QStringLiteral("+")
                         : QString::fromStdString(rule.id);
        return shown.join(QLatin1Char(' '));
    };
    Desk desk;
    const auto begin = [&] {
        desk.backend.setPolicy(desk.id, rules(QStringLiteral("a b c **")));
        settle();
        api::EgressRule fresh;
        fresh.action = "allow";
        desk.model->addDraft(fresh, row);
        settle();
    };
    const auto name = [&] {
        return desk.model->setData(desk.model->draft(), QStringLiteral("new.example"));
    };
    begin();
    desk.backend.setPolicy(desk.id, rules(then));
    settle();
    QCOMPARE(hosts(desk.model->table()), wanted);
    QVERIFY(name());
    settle();
    QCOMPARE(hosts(inForce(desk.backend, desk.id)), wanted);

    // The same while the new rule is on its way.
    begin();
    {
        const QSignalBlocker nobodyTells(desk.backend);
        desk.backend.setPolicy(desk.id, rules(then));
        QVERIFY(name());
        settle();
    }
    QCOMPARE(hosts(inForce(desk.backend, desk.id)), wanted);
    QCOMPARE(desk.refused, QStringList());
}

QTEST_GUILESS_MAIN(TestRuleUndo)
#include "test_rule_undo.moc"
