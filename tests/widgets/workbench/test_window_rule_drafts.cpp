// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/egress/rules_page.h"

using namespace caisson;
using test::EgressBench;
using test::samplePrompt;
using test::sampleRule;

namespace {

/// With "deny one.example" and "deny two.example".
struct DraftBench : EgressBench
{
    DraftBench()
    {
        setRules({"one", "two"});
        open();
        showTab(1);
        QTRY_VERIFY(rules());
    }
    void setRules(const QStringList& names)
    {
        std::vector<api::EgressRule> made;
        for (const QString& name : names)
            made.push_back(sampleRule(name.toStdString(), "deny", name.toStdString() + ".example"));
        backend.setPolicy(id, made);
        settle();
    }
    /// Whatever has the keyboard gets it.
    void keys(const QString& text) const
    {
        QVERIFY(QApplication::focusWidget());
        QTest::keyClicks(QApplication::focusWidget(), text);
        settle();
    }
    QLineEdit* field() const { return find<QLineEdit>("rules.edit"); }
    QModelIndex host(int row) const { return rules()->model()->index(row, RuleModel::Host); }
    QStringList inForce()
    {
        QStringList hosts;
        for (const api::EgressRule& rule : backend.policyOf(id).rules)
            hosts += QString::fromStdString(rule.host);
        return hosts;
    }
    void ask()
    {
        asked = backend.addPrompt(id, samplePrompt());
        settle();
        QTRY_VERIFY(find<PromptBar>("prompt") && !find<PromptBar>("prompt")->isGuarded());
    }
    void lookElsewhere() const
    {
        QWidget other;
        other.show();
        other.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&other));
        settle();
        other.close();
        window().activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window()));
        settle();
    }

    QString asked; ///< the request that waits
};

const QStringList kBoth{QStringLiteral("one.example"), QStringLiteral("two.example")};

} // namespace

/// What is half typed in a rule's host is in force when the person says so.
class TestWindowRuleDrafts : public QObject
{
    Q_OBJECT

private slots:
    void halfAHostIsNoRule_data();
    void halfAHostIsNoRule();
    void norIsItByAClickLongAfter_data();
    void norIsItByAClickLongAfter();
    void norIsHalfAPathOne();
    void aSecretThatIsNotThereYetLosesNothing();
    void aSecretGoesToNoHostThatItWasNotMeantFor();
    void aClickElsewhereTakesIt();
    void anEmptyOneIsStillThere();
    void whatIsNoHostYetIsGoneOnWith();
    void whatIsToBeLookedAtLeavesItAlone();
    void theTrashTakesItWithoutAWord();
    void aRuleThatGoesMeanwhileTakesNoKeys();
};

void TestWindowRuleDrafts::halfAHostIsNoRule_data()
{
    QTest::addColumn<bool>("isNew");
    QTest::addColumn<QString>("way");
    for (const bool isNew : {true, false}) {
        for (const char* way : {"window", "request", "answered elsewhere", "page", "terminal"})
            QTest::addRow("%s, %s", isNew ? "new" : "changed", way)
                << isNew << QString::fromLatin1(way);
    }
}

/// "**" of "**.corp.example" was a rule as soon as a notification or Ctrl+Shift+M had the keyboard,
/// and ".corp.example" then replaced it by itself.
void TestWindowRuleDrafts::halfAHostIsNoRule()
{
    QFETCH(bool, isNew);
    QFETCH(QString, way);
    DraftBench bench;
    if (way == QLatin1String("request") || way == QLatin1String("answered elsewhere"))
        bench.ask();
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.host(0));
    if (isNew)
        bench.click("rules.addRule");
    else
        bench.press(Qt::Key_F2);
    bench.keys(QStringLiteral("**"));
    const qint64 generation = bench.backend.policyOf(bench.id).generation;
    if (way == QLatin1String("window")) {
        bench.lookElsewhere();
    } else if (way == QLatin1String("request")) {
        bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
        QCOMPARE(QApplication::focusWidget(), bench.find("prompt.duration"));
        QCOMPARE(bench.inForce(), kBoth);
        bench.press(Qt::Key_Escape);
    } else if (way == QLatin1String("answered elsewhere")) {
        bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
        bench.backend.endPrompt(bench.id, bench.asked, QStringLiteral("timeout"));
        bench.settle();
        QVERIFY(bench.find("prompt")->hasFocus()); // it is over
        QTRY_VERIFY(!bench.find<PromptBar>("prompt")->isGuarded());
        bench.press(Qt::Key_Escape);
    } else if (way == QLatin1String("page")) {
        bench.showTab(0);
        QCOMPARE(bench.inForce(), kBoth);
        bench.showTab(1);
        bench.find<RulesPage>("rules")->focusTable();
    } else {
        bench.view()->setFocus(Qt::ShortcutFocusReason);
        bench.settle();
        QCOMPARE(bench.inForce(), kBoth);
        bench.rules()->setFocus(Qt::ShortcutFocusReason);
    }
    bench.settle();
    QCOMPARE(bench.inForce(), kBoth);
    QCOMPARE(bench.backend.policyOf(bench.id).generation, generation);
    QVERIFY(bench.field());
    QCOMPARE(QApplication::focusWidget(), bench.field());
    if (isNew)
        QVERIFY(bench.host(0).data(RuleModel::DraftRole).toBool());
    bench.keys(QStringLiteral(".corp.example"));
    QCOMPARE(bench.field()->text(), QStringLiteral("**.corp.example"));
    QCOMPARE(bench.inForce(), kBoth);
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.inForce().first(), QStringLiteral("**.corp.example"));
    QCOMPARE(bench.inForce().size(), isNew ? 3 : 2);
}

/// "80" of "8080" was in force, and "/" of "/repos/**" would have been.
void TestWindowRuleDrafts::norIsItByAClickLongAfter_data()
{
    QTest::addColumn<bool>("isNew");
    QTest::addRow("new") << true;
    QTest::addRow("changed") << false;
}

/// The field stood open while a request was answered and the terminal used; the next click on another
/// rule put "**" in force.
void TestWindowRuleDrafts::norIsItByAClickLongAfter()
{
    QFETCH(const bool, isNew);
    DraftBench bench;
    bench.ask();
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.host(0));
    if (isNew)
        bench.click("rules.addRule");
    else
        bench.press(Qt::Key_F2);
    bench.keys(QStringLiteral("**"));
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    QTest::mouseClick(bench.view(), Qt::LeftButton);
    bench.settle();
    QTest::mouseClick(bench.rules()->viewport(), Qt::LeftButton, Qt::NoModifier,
                      bench.rules()->visualRect(bench.host(isNew ? 2 : 1)).center());
    bench.settle();
    QCOMPARE(bench.inForce(), kBoth);
    QVERIFY(!bench.field());
    if (isNew)
        QVERIFY(bench.host(0).data().toString().contains(QStringLiteral("**")));
    else
        QVERIFY(bench.note().startsWith(QStringLiteral("What was typed for ")));
}

void TestWindowRuleDrafts::norIsHalfAPathOne()
{
    DraftBench bench;
    bench.ask();
    bench.rules()->setCurrentIndex(bench.host(0));
    const auto ports = [&] { return bench.backend.policyOf(bench.id).rules[0].ports; };
    bench.type("rule.ports", QStringLiteral("80"));
    bench.lookElsewhere();
    QVERIFY(ports().empty());
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    QVERIFY(ports().empty());
    bench.press(Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), bench.find("rule.ports"));
    bench.keys(QStringLiteral("80"));
    // Whoever types no more after coming back leaves it as ever.
    bench.lookElsewhere();
    bench.click("rules.question");
    QCOMPARE(ports(), std::vector<std::int64_t>{8080});
}

/// The template of its header was gone at once, and typed a second time when the secret was there.
void TestWindowRuleDrafts::aSecretThatIsNotThereYetLosesNothing()
{
    DraftBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("one", "allow", "one.example"),
                                       sampleRule("two", "allow", "two.example")});
    bench.settle();
    bench.rules()->setCurrentIndex(bench.host(0));
    const QString typed = QStringLiteral("Authorization: Bearer ${secret:other}");
    const auto inject = [&] { return bench.backend.policyOf(bench.id).rules[0].inject; };
    const auto shown = [&] { return bench.find<QLineEdit>("rule.secret")->text(); };
    bench.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                           QStringLiteral("there is no secret \"other\""), {{"secret", "other"}});
    bench.type("rule.secret", typed);
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("errorStrip.action"));
    QVERIFY(!inject());
    QCOMPARE(shown(), typed);
    QVERIFY(bench.find<QLabel>("rule.secret.problem")
                ->text()
                .startsWith(QStringLiteral("There is no secret “other” yet.")));
    // It is of its rule, and not said again on the way.
    bench.click("errorStrip.dismiss");
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.host(1));
    QCOMPARE(shown(), QString());
    bench.rules()->setCurrentIndex(bench.host(0));
    QCOMPARE(shown(), typed);
    QVERIFY(!bench.isShown("errorStrip.action"));
    bench.showTab(2);
    bench.click("secrets.empty.action");
    bench.keys(QStringLiteral("other"));
    bench.type("secrets.value", QStringLiteral("v4lue"));
    bench.press(Qt::Key_Return);
    bench.showTab(1);
    QTRY_VERIFY(inject());
    QCOMPARE(inject()->value, "Bearer ${secret:other}");
    QCOMPARE(shown(), typed);
    QVERIFY(!bench.isShown("rule.secret.problem"));
}

/// The template waited for its secret, and the rule became one for another host meanwhile.
void TestWindowRuleDrafts::aSecretGoesToNoHostThatItWasNotMeantFor()
{
    DraftBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("one", "allow", "one.example")});
    bench.settle();
    bench.rules()->setCurrentIndex(bench.host(0));
    const QString typed = QStringLiteral("Authorization: Bearer ${secret:other}");
    const auto inject = [&] { return bench.backend.policyOf(bench.id).rules[0].inject; };
    bench.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                           QStringLiteral("there is no secret \"other\""), {{"secret", "other"}});
    bench.type("rule.secret", typed);
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("errorStrip.action"));
    bench.backend.setPolicy(bench.id, {sampleRule("one", "allow", "elsewhere.example")});
    bench.settle();
    bench.click("errorStrip.action");
    bench.type("secrets.value", QStringLiteral("v4lue"));
    bench.press(Qt::Key_Return);
    bench.showTab(1);
    QTRY_VERIFY(bench.find<QLabel>("rule.secret.problem")
                    ->text()
                    .startsWith(QStringLiteral("The rule was changed meanwhile.")));
    bench.settle();
    QVERIFY(!inject());
    QCOMPARE(bench.find<QLineEdit>("rule.secret")->text(), typed);
    bench.find<QLineEdit>("rule.secret")->setFocus();
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(inject());
    QVERIFY(!bench.isShown("rule.secret.problem"));
}

void TestWindowRuleDrafts::aClickElsewhereTakesIt()
{
    DraftBench bench;
    bench.rules()->setCurrentIndex(bench.host(0));
    bench.click("rules.addRule");
    bench.keys(QStringLiteral("new.example"));
    bench.click("rules.question");
    QCOMPARE(bench.inForce(), QStringList{"new.example"} + kBoth);
    bench.click("rules.addRule");
    bench.keys(QStringLiteral("tab.example"));
    bench.press(Qt::Key_Tab);
    QCOMPARE(bench.inForce(), (QStringList{"tab.example", "new.example"} + kBoth));
}

/// Whoever went to copy the host came back to no field.
void TestWindowRuleDrafts::anEmptyOneIsStillThere()
{
    DraftBench bench;
    bench.rules()->setCurrentIndex(bench.host(0));
    bench.click("rules.addRule");
    bench.lookElsewhere();
    QVERIFY(bench.field());
    QCOMPARE(QApplication::focusWidget(), bench.field());
    bench.ask();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.field());
    QCOMPARE(QApplication::focusWidget(), bench.field());
    bench.press(Qt::Key_Down); // which leaves it
    bench.settle();
    QVERIFY(!bench.field());
    QCOMPARE(bench.hosts(), kBoth);
}

/// The first key of the rest replaced it.
void TestWindowRuleDrafts::whatIsNoHostYetIsGoneOnWith()
{
    DraftBench bench;
    bench.rules()->setCurrentIndex(bench.host(0));
    const auto begin = [&] {
        bench.click("rules.addRule");
        bench.keys(QStringLiteral("10.0.0.0/"));
        bench.press(Qt::Key_Down);
        QVERIFY(!bench.field());
        QCOMPARE(bench.hosts(), QStringList{"10.0.0.0/"} + kBoth);
        QCOMPARE(bench.inForce(), kBoth);
        const QModelIndex host = bench.host(0);
        QVERIFY(host.data(RuleModel::DraftRole).toBool());
        QVERIFY(!host.data(RuleModel::ActiveRole).toBool());
        QVERIFY(!(host.siblingAtColumn(RuleModel::Action).flags() & Qt::ItemIsEditable));
    };
    begin();
    bench.press(Qt::Key_Up);
    QVERIFY(bench.isShown("rule"));
    QCOMPARE(bench.find<QLabel>("rule.matches")->text(),
             QStringLiteral("No rule yet: it is one when its host is set."));
    bench.keys(QStringLiteral("8"));
    QVERIFY(bench.field());
    QCOMPARE(bench.field()->text(), QStringLiteral("10.0.0.0/8"));
    bench.press(Qt::Key_Escape);
    QCOMPARE(bench.hosts(), kBoth);

    begin();
    bench.click("rules.addRule"); // is this one
    QVERIFY(bench.field());
    bench.keys(QStringLiteral("8"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].cidr, "10.0.0.0/8");
}

void TestWindowRuleDrafts::whatIsToBeLookedAtLeavesItAlone()
{
    DraftBench bench;
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.host(1));
    bench.press(Qt::Key_F2);
    bench.keys(QStringLiteral("**"));
    api::EgressRule asked;
    asked.action = "allow";
    asked.host = "asked.example";
    bench.find<RulesPage>("rules")->addRule(asked);
    bench.settle();
    QCOMPARE(bench.inForce(), QStringList{"asked.example"} + kBoth);
    QVERIFY(bench.field());
    bench.keys(QStringLiteral(".two.example"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.inForce(), (QStringList{"asked.example", "one.example", "**.two.example"}));
}

/// "The rule about  is gone: it was removed elsewhere", and no row was chosen any more.
void TestWindowRuleDrafts::theTrashTakesItWithoutAWord()
{
    DraftBench bench;
    bench.rules()->setCurrentIndex(bench.host(0));
    bench.click("rules.addRule");
    bench.keys(QStringLiteral("tra.example"));
    bench.click("rules.removeRule");
    QCOMPARE(bench.hosts(), kBoth);
    QCOMPARE(bench.inForce(), kBoth);
    QCOMPARE(bench.note(), QString());
    QCOMPARE(bench.rules()->currentIndex().row(), 0);
    QCOMPARE(QApplication::focusWidget(), bench.rules());
    bench.press(Qt::Key_F2);
    bench.keys(QStringLiteral("half"));
    bench.click("rules.removeRule");
    QCOMPARE(bench.inForce(), QStringList{"two.example"});
    QCOMPARE(bench.note(), QString());
}

/// While the person looks at a request: neither is the keyboard taken from there, nor does what is
/// typed afterwards change the neighbour.
void TestWindowRuleDrafts::aRuleThatGoesMeanwhileTakesNoKeys()
{
    DraftBench bench;
    bench.ask();
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.host(0));
    bench.press(Qt::Key_F2);
    bench.keys(QStringLiteral("half"));
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    bench.setRules({QStringLiteral("two")});
    QTRY_COMPARE(bench.hosts(), QStringList{"two.example"});
    QCOMPARE(QApplication::focusWidget(), bench.find("prompt.duration"));
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.find("rules")->isAncestorOf(QApplication::focusWidget()));
    bench.keys(QStringLiteral(".exa"));
    bench.press(Qt::Key_Return);
    QVERIFY(!bench.field());
    QCOMPARE(bench.inForce(), QStringList{"two.example"});
    QCOMPARE(bench.hosts(), QStringList{"two.example"});
}

QTEST_MAIN(TestWindowRuleDrafts)
#include "test_window_rule_drafts.moc"
