// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/models/rule_desk.h"

#include <QMimeData>

using namespace caisson;
using test::Desk;
using test::kFirst;
using test::rule;
using test::settle;

class TestRuleModel : public QObject
{
    Q_OBJECT

private slots:
    void theTableIsRead();
    void fieldsAreEditedInPlace();
    void whatCannotBeIsRefusedWithAReason_data();
    void whatCannotBeIsRefusedWithAReason();
    void rulesAreAddedRemovedAndMoved();
    void aChangeElsewhereIsNoRefusal();
    void aChangeOfTheSameRuleElsewhereIs();
    void severalChangesGoInOrder();
    void aViewMayChangeARowThatGoes();
    void dragsMoveARule();
    void hitsDisturbNothing();
    void aFileIsImported();
    void anIdIsNobodyElses();
    void whatColumnsHaveNoRoomForIsTold();
    void aPresetIsAddedOnce();
    void timesAreReadable();
};

void TestRuleModel::theTableIsRead()
{
    Desk desk;
    QCOMPARE(desk.both(), kFirst);
    desk.backend.setPolicy(desk.id, {rule("r3", "three.example"), rule("r9", "nine.example")},
                           "deny");
    settle(); // the news of it
    QCOMPARE(desk.both(), QStringLiteral("allow three.example\nallow nine.example\nelse deny"));
}

void TestRuleModel::fieldsAreEditedInPlace()
{
    Desk desk;
    QVERIFY(desk.set(0, RuleModel::Host, QStringLiteral("*.Example.COM")));
    QVERIFY(desk.set(0, RuleModel::Methods, QStringLiteral("get, head")));
    QVERIFY(desk.set(0, RuleModel::Path, QStringLiteral("/v1/**")));
    QVERIFY(desk.set(0, RuleModel::Ports, QStringLiteral("443 8443")));
    QVERIFY(desk.set(1, RuleModel::Host, QStringLiteral("203.0.113.0/24")));
    QVERIFY(desk.set(1, RuleModel::Action, QStringLiteral("ask")));
    QVERIFY(desk.model->setData(desk.model->index(2, RuleModel::Action), Qt::Unchecked,
                                Qt::CheckStateRole));
    desk.model->setDefaultAction(QStringLiteral("deny"));
    QCOMPARE(desk.both(), QStringLiteral("allow GET, HEAD *.example.com:443, 8443/v1/**\n"
                                         "ask 203.0.113.0/24\n-allow three.example\nelse deny"));
    QCOMPARE(desk.backend.policyOf(desk.id).rules[1].cidr, "203.0.113.0/24");
    QVERIFY(
        desk.set(2, RuleModel::Secret, QStringLiteral("Authorization: Bearer ${secret:github}")));
    const auto& inject = desk.backend.policyOf(desk.id).rules[2].inject;
    QVERIFY(inject);
    QCOMPARE(inject->header, "Authorization");
    QCOMPARE(inject->value, "Bearer ${secret:github}");
    QVERIFY(desk.set(2, RuleModel::Secret, QStringLiteral("basic me:${secret:github}")));
    QCOMPARE(desk.backend.policyOf(desk.id).rules[2].inject->password, "${secret:github}");
    QVERIFY(desk.set(2, RuleModel::Secret, QString()));
    QVERIFY(!desk.backend.policyOf(desk.id).rules[2].inject);
    QCOMPARE(desk.refused, QStringList());
}

void TestRuleModel::whatCannotBeIsRefusedWithAReason_data()
{
    QTest::addColumn<int>("column");
    QTest::addColumn<QString>("text");
    QTest::newRow("no host") << int(RuleModel::Host) << "";
    QTest::newRow("address of a page") << int(RuleModel::Host) << "https://api.example.com/v1/x";
    QTest::newRow("host with a port") << int(RuleModel::Host) << "api.example.com:8443";
    QTest::newRow("space") << int(RuleModel::Host) << "a b";
    QTest::newRow("part of a label") << int(RuleModel::Host) << "api*.example.com";
    QTest::newRow("odd address") << int(RuleModel::Host) << "127.1";
    QTest::newRow("block") << int(RuleModel::Host) << "203.0.113.1/24";
    QTest::newRow("method") << int(RuleModel::Methods) << "G(T";
    QTest::newRow("path") << int(RuleModel::Path) << "v1";
    QTest::newRow("port") << int(RuleModel::Ports) << "443, 70000";
    QTest::newRow("port zero") << int(RuleModel::Ports) << "0";
    QTest::newRow("program") << int(RuleModel::Process) << "git";
    QTest::newRow("past") << int(RuleModel::Expires) << "2001-01-01 00:00";
    QTest::newRow("no time") << int(RuleModel::Expires) << "soon";
    QTest::newRow("plain value") << int(RuleModel::Secret) << "Authorization: Bearer abc";
    QTest::newRow("no header") << int(RuleModel::Secret) << "${secret:github}";
}

void TestRuleModel::whatCannotBeIsRefusedWithAReason()
{
    QFETCH(int, column);
    QFETCH(QString, text);
    Desk desk;
    desk.backend.forgetCalls();
    const QString problem = desk.model->problem(0, column, text);
    QVERIFY(!problem.isEmpty());
    QVERIFY2(problem.endsWith(QLatin1Char('.')), qPrintable(problem));
    if (text.contains(QStringLiteral("api.example.com"))) // it was said how blocks are written
        QCOMPARE(problem, QStringLiteral("Only a host stands here, like api.example.com. Path and "
                                         "ports have fields of their own."));
    QVERIFY(!desk.set(0, column, text));
    QCOMPARE(desk.both(), kFirst);
    QCOMPARE(desk.backend.calls(), QStringList());
}

void TestRuleModel::rulesAreAddedRemovedAndMoved()
{
    Desk desk;
    const QString id = desk.model->add(rule("", "new.example", "deny"), 1);
    QVERIFY(!id.isEmpty());
    QCOMPARE(desk.both(), QStringLiteral("allow one.example\ndeny new.example\ndeny two.example\n"
                                         "allow three.example\nelse ask"));
    desk.model->move(0, 4);
    QCOMPARE(desk.both(), QStringLiteral("deny new.example\ndeny two.example\nallow three.example\n"
                                         "allow one.example\nelse ask"));
    desk.model->move(3, 1);
    QCOMPARE(desk.both(), QStringLiteral("deny new.example\nallow one.example\ndeny two.example\n"
                                         "allow three.example\nelse ask"));
    desk.model->remove({0, 2});
    QCOMPARE(desk.both(), QStringLiteral("allow one.example\nallow three.example\nelse ask"));
    desk.model->move(1, 1);
    desk.model->move(1, 2);
    QCOMPARE(desk.model->undoStack()->count(), 4); // nothing was moved
}

/// An answered prompt adds a rule at any time; that is no reason to lose what was just typed.
void TestRuleModel::aChangeElsewhereIsNoRefusal()
{
    Desk desk;
    {
        const QSignalBlocker nobodyTells(desk.backend);
        desk.backend.setPolicy(desk.id,
                               {rule("a1", "answer.example"), rule("r1", "one.example"),
                                rule("r2", "two.example", "deny"), rule("r3", "three.example")});
        settle();
    }
    desk.backend.forgetCalls();
    QVERIFY(desk.set(0, RuleModel::Path, QStringLiteral("/x")));
    QCOMPARE(desk.both(), QStringLiteral("allow answer.example\nallow one.example/x\n"
                                         "deny two.example\nallow three.example\nelse ask"));
    QCOMPARE(desk.refused, QStringList());
    QCOMPARE(desk.backend.calls().first(3),
             (QStringList{"putEgressPolicy bench", "egressPolicy bench", "putEgressPolicy bench"}));
}

void TestRuleModel::aChangeOfTheSameRuleElsewhereIs()
{
    Desk desk;
    {
        const QSignalBlocker nobodyTells(desk.backend);
        desk.backend.setPolicy(desk.id, {rule("r1", "theirs.example")});
        settle();
    }
    QVERIFY(desk.model->setData(desk.model->index(0, RuleModel::Path), QStringLiteral("/x")));
    QCOMPARE(desk.both(), QStringLiteral("allow theirs.example\nelse ask"));
    QCOMPARE(desk.refused, QStringList{"“Change one.example” was not done; the rules are as they "
                                       "were. The same rules were changed elsewhere meanwhile."});
    // Nor can a step be taken back that others have built upon.
    QVERIFY(desk.set(0, RuleModel::Path, QStringLiteral("/x")));
    desk.backend.setPolicy(desk.id, {rule("r1", "again.example")});
    settle();
    desk.model->undoStack()->undo();
    QCOMPARE(desk.both(), QStringLiteral("allow again.example\nelse ask"));
    QCOMPARE(desk.refused.size(), 2);
}

void TestRuleModel::severalChangesGoInOrder()
{
    Desk desk;
    desk.backend.hold();
    desk.model->setEnabled(0, false);
    desk.model->move(0, 3);
    desk.model->setData(desk.model->index(0, RuleModel::Host), QStringLiteral("2.example.org"));
    const QString wanted =
        QStringLiteral("deny 2.example.org\nallow three.example\n-allow one.example\nelse ask");
    QCOMPARE(desk.shown(), wanted);
    desk.backend.release();
    QCOMPARE(desk.both(), wanted);
    QCOMPARE(desk.refused, QStringList());
    // One that fails takes along what was done to a table that never was.
    desk.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                          QStringLiteral("no"));
    desk.model->setEnabled(1, false);
    desk.model->setEnabled(0, false);
    QCOMPARE(desk.both(), wanted);
    QCOMPARE(desk.refused.size(), 1);
    QCOMPARE(desk.model->undoStack()->count(), 0);
}

/// A table takes what was typed in a row as that goes, in the middle of it: the neighbour was removed
/// from the table as well, and put back.
void TestRuleModel::aViewMayChangeARowThatGoes()
{
    Desk desk;
    QObject::connect(desk.model.get(), &RuleModel::rowsAboutToBeRemoved, desk.model.get(),
                     [&](const QModelIndex&, int first) {
                         desk.model->setData(desk.model->index(first, RuleModel::Path),
                                             QStringLiteral("/typed"));
                     });
    QStringList removed;
    QObject::connect(desk.model.get(), &RuleModel::rowsRemoved, desk.model.get(),
                     [&] { removed += desk.shown(); });
    desk.backend.setPolicy(desk.id,
                           {rule("r2", "two.example", "deny"), rule("r3", "three.example")});
    QCOMPARE(desk.both(), QStringLiteral("deny two.example\nallow three.example\nelse ask"));
    QCOMPARE(removed, QStringList{"deny two.example\nallow three.example\nelse ask"});
    QCOMPARE(desk.refused.size(), 1);
}

void TestRuleModel::dragsMoveARule()
{
    Desk desk;
    const auto drag = [&](int row, int before) {
        const std::unique_ptr<QMimeData> data(
            desk.model->mimeData({desk.model->index(row, RuleModel::Host)}));
        return desk.model->dropMimeData(data.get(), Qt::MoveAction, before, 0, {});
    };
    QVERIFY(drag(2, 0));
    QCOMPARE(desk.both(),
             QStringLiteral("allow three.example\nallow one.example\ndeny two.example\nelse ask"));
    QVERIFY(drag(0, 3));
    QCOMPARE(desk.both(), kFirst);
    QMimeData other;
    other.setText(QStringLiteral("r1"));
    QVERIFY(!desk.model->dropMimeData(&other, Qt::MoveAction, 0, 0, {}));
}

void TestRuleModel::hitsDisturbNothing()
{
    Desk desk;
    QList<QPair<int, int>> columns;
    QObject::connect(desk.model.get(), &RuleModel::dataChanged,
                     [&](const QModelIndex& first, const QModelIndex& last) {
                         columns += {first.column(), last.column()};
                     });
    api::EgressRule& counted = desk.backend.at(desk.id).egress.policy.rules[1];
    counted.hits = 1234;
    counted.last = "2026-01-01T00:00:00.000Z";
    desk.model->refresh();
    settle();
    QCOMPARE(columns, (QList<QPair<int, int>>{{RuleModel::Hits, RuleModel::Last}}));
    QCOMPARE(desk.model->index(1, RuleModel::Hits).data().toString(), QLocale().toString(1234));
    // It matched once more while it was changed here.
    counted.hits = 1235;
    QVERIFY(desk.set(1, RuleModel::Note, QStringLiteral("mine")));
    QCOMPARE(desk.refused, QStringList());
}

void TestRuleModel::aFileIsImported()
{
    Desk desk;
    QVERIFY(desk.model
                ->importToml("default = \"deny\"\n[[rule]]\nhost = \"*.github.com\"\nmethods = "
                             "[\"GET\"]\naction = \"allow\"\n")
                .isEmpty());
    QCOMPARE(desk.both(), QStringLiteral("allow GET *.github.com\nelse deny"));
    const QString problem = desk.model->importToml("default = \"perhaps\"\n");
    QVERIFY2(problem.contains(QLatin1Char('1')), qPrintable(problem)); // the line
    QCOMPARE(desk.both(), QStringLiteral("allow GET *.github.com\nelse deny"));
    QVERIFY(!desk.backend.policyOf(desk.id).rules[0].id.empty());
}

/// The id of a rule that had been taken back was given to an answer: redo was refused, and the log
/// told of another rule. Rules of a file without ids had the hits of those that were there.
void TestRuleModel::anIdIsNobodyElses()
{
    Desk desk;
    const QString added = desk.model->add(rule("", "new.example"), 0);
    settle();
    desk.model->undoStack()->undo();
    settle();
    QVERIFY(desk.model->add(rule("", "other.example", "deny"), 0) != added);
    settle();
    desk.model->undoStack()->undo();
    settle();
    {
        // An answer that the keeper makes a rule of.
        desk.backend.setPolicy(desk.id, {rule("r4", "answer.example"), rule("r1", "one.example")});
        settle();
    }
    desk.model->undoStack()->redo();
    settle();
    QCOMPARE(desk.refused, QStringList());

    desk.backend.setPolicy(desk.id, {rule("r1", "one.example"), rule("r2", "two.example")});
    settle();
    QVERIFY(desk.model
                ->importToml("[[rule]]\nhost = \"tunnel.example\"\naction = \"allow\"\n"
                             "[[rule]]\nid = \"r2\"\nhost = \"2.example\"\naction = \"allow\"\n"
                             "[[rule]]\nid = \"r1\"\nhost = \"one.example\"\naction = \"deny\"\n")
                .isEmpty());
    settle();
    QSet<QString> ids;
    for (const api::EgressRule& rule : desk.backend.policyOf(desk.id).rules)
        ids += QString::fromStdString(rule.id);
    QCOMPARE(ids.size(), 3);
    QVERIFY(!ids.contains(QString()));
    // The file's own ids stay, also of a rule that is about another host now: it was imported under
    // one that nobody had given.
    QCOMPARE(desk.backend.policyOf(desk.id).rules[1].id, "r2");
    QCOMPARE(desk.backend.policyOf(desk.id).rules[2].id, "r1");
    QVERIFY(
        desk.model->importToml("[[rule]]\nhost = \"one.example\"\naction = \"deny\"\n").isEmpty());
    settle();
    QCOMPARE(desk.backend.policyOf(desk.id).rules[0].id, "r1"); // which says the same
}

void TestRuleModel::whatColumnsHaveNoRoomForIsTold()
{
    Desk desk;
    api::EgressRule matched = rule("r1", "one.example");
    matched.hits = 2;
    matched.last = "2026-01-02T12:00:00.000Z";
    matched.inject = api::EgressInjection{.header = "X-Key", .value = "${secret:one}"};
    matched.expires = QDateTime::currentDateTimeUtc()
                          .addSecs(14 * 60 - 20)
                          .toString(Qt::ISODateWithMs)
                          .toStdString();
    api::EgressRule bound = rule("r2", "two.example");
    bound.lasts = "session";
    desk.backend.setPolicy(desk.id, {matched, bound, rule("r3", "three.example")});
    settle();
    const auto tip = [&](int row, int column) {
        return desk.model->index(row, column).data(Qt::ToolTipRole).toString();
    };
    QVERIFY2(tip(0, RuleModel::Hits).startsWith("Matched 2 times, the last time on 2 Jan 2026"),
             qPrintable(tip(0, RuleModel::Hits)));
    QVERIFY(tip(0, RuleModel::Host).contains(tip(0, RuleModel::Hits)));
    QVERIFY(tip(0, RuleModel::Host).contains(QStringLiteral("Rule r1\n")));
    QVERIFY(tip(0, RuleModel::Host).contains(QStringLiteral("Puts in X-Key: ${secret:one}")));
    QCOMPARE(tip(1, RuleModel::Hits), QStringLiteral("Never matched"));
    QCOMPARE(desk.model->index(1, RuleModel::Last).data(), QVariant()); // it said "now"
    const auto sign = [&](int row, int role) { return desk.model->index(row, 0).data(role); };
    QCOMPARE(sign(0, RuleModel::LifeRole).toString(), QStringLiteral("14 min"));
    QCOMPARE(sign(1, RuleModel::LifeRole).toString(), QStringLiteral("session"));
    QCOMPARE(sign(2, RuleModel::LifeRole).toString(), QString());
    QVERIFY(sign(0, RuleModel::SecretRole).toBool() && !sign(2, RuleModel::SecretRole).toBool());
}

void TestRuleModel::aPresetIsAddedOnce()
{
    Desk desk;
    const QList<api::EgressRule> preset{rule("npm", "registry.npmjs.org"),
                                        rule("r1", "pypi.org")}; // an id that is taken
    desk.model->addAll(QStringLiteral("Registries"), preset, {});
    const QString after = desk.both();
    QCOMPARE(after, QStringLiteral("allow one.example\ndeny two.example\nallow three.example\n"
                                   "allow registry.npmjs.org\nallow pypi.org\nelse ask"));
    desk.model->addAll(QStringLiteral("Registries"), preset, {});
    QCOMPARE(desk.both(), after);
    QCOMPARE(desk.model->undoStack()->count(), 1);
}

void TestRuleModel::timesAreReadable()
{
    Desk desk;
    QVERIFY(desk.set(0, RuleModel::Expires, QStringLiteral("15m")));
    const QString left = desk.model->index(0, RuleModel::Expires).data().toString();
    QVERIFY2(left == QStringLiteral("in 15 min") || left == QStringLiteral("in 14 min"),
             qPrintable(left));
    QVERIFY(desk.model->index(0, 0).data(RuleModel::ActiveRole).toBool());
    api::EgressRule over = rule("r1", "one.example");
    over.expires = "2001-01-01T00:00:00.000Z";
    api::EgressRule bound = rule("r2", "two.example");
    bound.lasts = "process";
    bound.pid = 42;
    desk.backend.setPolicy(desk.id, {over, bound});
    settle();
    QVERIFY(!desk.model->index(0, 0).data(RuleModel::ActiveRole).toBool());
    QCOMPARE(desk.model->index(1, RuleModel::Expires).data().toString(),
             QStringLiteral("with process 42"));
    // What ends at a time does not end with a process any more.
    QVERIFY(desk.set(1, RuleModel::Expires, QStringLiteral("2h")));
    QVERIFY(desk.backend.policyOf(desk.id).rules[1].lasts.empty());
}

QTEST_GUILESS_MAIN(TestRuleModel)
#include "test_rule_model.moc"
