// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/egress_samples.h"
#include "tests/widgets/workbench/bench.h"
#include "widgets/models/request_model.h"
#include "widgets/models/rule_model.h"

#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>

using namespace caisson;
using test::Bench;
using test::sampleEntry;
using test::sampleRule;

/// The right column: requests, rules and secrets, and the bar's policy.
class TestWindowEgress : public QObject
{
    Q_OBJECT

private slots:
    void theColumnIsKeptAsItWasLeft();
    void everyTabSaysWhatWillBeThere();
    void requestsComeLive();
    void nothingMovesWhileSomebodyReads();
    void requestsAreFiltered();
    void aRequestBecomesARule();
    void aRuleForWhatIsInsideWorks();
    void whatLastsIsFollowedToItsEnd();
    void aPinnedClientGetsATunnel();
    void theLogIsExported();
    void rulesAreEditedInPlace();
    void aFieldKeepsItsOwnProblem();
    void aRuleThatGoesTakesNoMoreKeys();
    void aRuleThatIsNotNamedIsNone();
    void theLastRuleIsHadBack();
    void theSpaceBarSwitchesARule();
    void aRefusedChangeIsSaid();
    void thePolicyIsInTheBar();
    void presetsAddRules();
    void aPolicyFileIsImportedAndExported();
    void aQuestionIsAnswered();
    void aStoppedSandboxIsSaid();
    void secretsAreKept();
    void theSecretsFormStaysWhereItIs();
    void aSecretIsRemoved();
    void aLockedFileIsOpened();
};

namespace {

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

} // namespace

void TestWindowEgress::theColumnIsKeptAsItWasLeft()
{
    EgressBench bench;
    bench.open();
    QVERIFY(bench.isShown("side"));
    bench.showTab(1);
    bench.action("toggleSide")->trigger();
    bench.settle();
    QVERIFY(!bench.isShown("side"));
    bench.reopen();
    QVERIFY(!bench.isShown("side"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_5);
    QVERIFY(bench.isShown("side"));
    QCOMPARE(bench.sideTabs()->currentIndex(), 1);
    QVERIFY(bench.find("side")->isAncestorOf(QApplication::focusWidget()));
    auto* columns = bench.find<QSplitter>("columns");
    columns->setSizes({240, 600, 440});
    emit columns->splitterMoved(240, 1);
    const QList<int> sizes = columns->sizes();
    bench.reopen();
    QCOMPARE(bench.find<QSplitter>("columns")->sizes(), sizes);
    bench.click("side.hide");
    QVERIFY(!bench.isShown("side"));
}

void TestWindowEgress::everyTabSaysWhatWillBeThere()
{
    EgressBench bench;
    bench.open();
    QVERIFY(bench.isShown("requests.empty"));
    bench.showTab(1);
    QVERIFY(bench.isShown("rules.empty"));
    QVERIFY(bench.isShown("rules.empty.action"));
    bench.showTab(2);
    QVERIFY(bench.isShown("secrets.empty"));
    QVERIFY(bench.isShown("secrets.empty.action"));
}

void TestWindowEgress::requestsComeLive()
{
    EgressBench bench;
    bench.open();
    bench.backend.logEntry(bench.id, sampleEntry("deny", "POST", "api.example.com", "/v1", 403));
    bench.settle();
    QTRY_VERIFY(bench.requests());
    QCOMPARE(bench.requests()->model()->rowCount(), 1);
    QVERIFY(!bench.isShown("request"));
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    QVERIFY(bench.isShown("request"));
    QCOMPARE(bench.find<QLabel>("request.verdict")->text(), QStringLiteral("POST, denied"));
    QCOMPARE(bench.find<QLabel>("request.why")->text(),
             QStringLiteral("No rule fits, and the policy denies what no rule fits."));
    QVERIFY(!bench.isShown("request.tunnel"));
    QVERIFY(!bench.isShown("request.jump"));
    // The status can be read in the column's usual width, and when it was in the tooltip.
    QVERIFY(!bench.requests()->isColumnHidden(RequestModel::Status));
    QVERIFY(bench.requests()->isColumnHidden(RequestModel::Program));
}

void TestWindowEgress::nothingMovesWhileSomebodyReads()
{
    EgressBench bench;
    for (int number = 0; number < 60; ++number)
        bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "h.example", "/", 200));
    bench.open();
    QTableView* table = bench.requests();
    QTRY_COMPARE(table->model()->rowCount(), 60);
    // At the top, one watches them come.
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "h.example", "/", 200));
    bench.settle();
    QCOMPARE(table->verticalScrollBar()->value(), 0);
    QVERIFY(!bench.isShown("requests.fresh"));

    table->verticalScrollBar()->setValue(260);
    const qint64 first = table->indexAt({4, 4}).data(RequestModel::IdRole).toLongLong();
    for (int number = 0; number < 3; ++number)
        bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "h.example", "/", 200));
    bench.settle();
    QTRY_VERIFY(bench.isShown("requests.fresh"));
    auto* fresh = bench.find<QPushButton>("requests.fresh");
    QCOMPARE(fresh->text(), QStringLiteral("3 new"));
    const QRect url =
        table->visualRect(table->indexAt({fresh->x(), 4}).siblingAtColumn(RequestModel::Url));
    QVERIFY2(fresh->x() > url.center().x(), "the hosts are to be read beside it");
    QVERIFY(fresh->geometry().bottom() < table->rowHeight(0));
    QCOMPARE(table->indexAt({4, 4}).data(RequestModel::IdRole).toLongLong(), first);
    bench.click("requests.fresh");
    QCOMPARE(table->verticalScrollBar()->value(), 0);
    QVERIFY(!bench.isShown("requests.fresh"));
}

void TestWindowEgress::requestsAreFiltered()
{
    EgressBench bench;
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "one.example", "/", 200));
    bench.backend.logEntry(bench.id, sampleEntry("deny", "GET", "two.example", "/", 403));
    bench.open();
    QTRY_COMPARE(bench.requests()->model()->rowCount(), 2);
    bench.type("requests.filter", QStringLiteral("two"));
    QTRY_COMPARE(bench.requests()->model()->rowCount(), 1);
    QTest::keyClicks(bench.find("requests.filter"), QStringLiteral("x"));
    QTRY_VERIFY(bench.isShown("requests.noMatch"));
    bench.click("requests.noMatch.action");
    QTRY_VERIFY(bench.requests());
    QTRY_COMPARE(bench.requests()->model()->rowCount(), 2);
}

void TestWindowEgress::aRequestBecomesARule()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "old.example")});
    bench.backend.logEntry(bench.id, sampleEntry("deny", "POST", "api.example.com", "/v1", 403));
    bench.open();
    QTRY_VERIFY(bench.requests());
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    auto* menu = bench.find<QPushButton>("request.rule")->menu();
    emit menu->aboutToShow();
    QStringList offers;
    for (const QAction* action : menu->actions()) {
        if (!action->isSeparator())
            offers += action->text();
    }
    QVERIFY2(offers.value(0).startsWith(QStringLiteral("allow POST api.example.com/v1")),
             qPrintable(offers.join('\n')));
    menu->actions().first()->trigger();
    bench.settle();
    QCOMPARE(bench.sideTabs()->currentIndex(), 1);
    QCOMPARE(bench.hosts(), (QStringList{"api.example.com", "old.example"}));
    QCOMPARE(bench.rules()->currentIndex().row(), 0);
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].action, "allow");
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].methods == std::vector<std::string>{"POST"});
}

/// The rule lacked `private`, so that the next request was refused just as the first; and for an
/// address, which is in no domain, the same line was there twice.
void TestWindowEgress::aRuleForWhatIsInsideWorks()
{
    EgressBench bench;
    api::EgressEntry own = sampleEntry("deny", "GET", "192.0.2.2", "/v1/race", 403);
    own.scheme = "http";
    own.port = 8099;
    own.address.clear();
    own.why = "192.0.2.2 is the private address 192.0.2.2, or one of this host; only a rule with "
              "private = true may let it pass";
    bench.backend.logEntry(bench.id, own);
    api::EgressEntry named = sampleEntry("allow", "GET", "printer.example", "/", 200);
    named.address = "192.168.1.9";
    bench.backend.logEntry(bench.id, named);
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "one.example", "/", 200));
    bench.open();
    QTRY_VERIFY(bench.requests());
    const auto offers = [&](int row) {
        bench.requests()->setCurrentIndex(bench.requests()->model()->index(row, 0));
        auto* menu = bench.find<QPushButton>("request.rule")->menu();
        emit menu->aboutToShow();
        QStringList texts;
        for (const QAction* action : menu->actions()) {
            if (!action->isSeparator())
                texts += action->text();
        }
        return texts;
    };
    const auto isPrivate = [&](const QString& prefix) {
        const QStringList all = offers(bench.requests()->currentIndex().row());
        for (QAction* action : bench.find<QPushButton>("request.rule")->menu()->actions()) {
            if (action->text().startsWith(prefix)) {
                action->trigger();
                bench.settle();
                const bool made = bench.backend.policyOf(bench.id).rules[0].isPrivate;
                bench.showTab(0);
                return made;
            }
        }
        qFatal("%s is not among %s", qPrintable(prefix), qPrintable(all.join(QLatin1Char('\n'))));
    };
    QStringList texts = offers(2);
    QCOMPARE(texts.size(), 4);
    QCOMPARE(texts[0], QStringLiteral("allow GET 192.0.2.2:8099/v1/race? (this machine or its "
                                      "network)"));
    texts.removeDuplicates();
    QCOMPARE(texts.size(), 4);
    QVERIFY(isPrivate(QStringLiteral("allow GET 192.0.2.2")));
    QVERIFY(!isPrivate(QStringLiteral("deny GET 192.0.2.2")));
    offers(1);
    QVERIFY(isPrivate(QStringLiteral("allow printer.example")));
    QCOMPARE(offers(0).size(), 6);
    QVERIFY(!isPrivate(QStringLiteral("allow one.example")));
}

/// Whoever has chosen it sees what it has become, without having to choose it again.
void TestWindowEgress::whatLastsIsFollowedToItsEnd()
{
    EgressBench bench;
    api::EgressEntry entry = sampleEntry("allow", "GET", "socket.example", "/chat", 101);
    entry.flag = "open";
    bench.backend.logEntry(bench.id, entry);
    bench.open();
    QTRY_VERIFY(bench.requests());
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    const auto* verdict = bench.find<QLabel>("request.verdict");
    const auto* flag = bench.find<QLabel>("request.flag");
    QCOMPARE(verdict->text(), QStringLiteral("GET, allowed, open"));
    QVERIFY(flag->isVisible());
    entry.id = 1;
    entry.flag.clear();
    bench.backend.endEntry(bench.id, entry);
    QTRY_COMPARE(verdict->text(), QStringLiteral("GET, allowed"));
    QVERIFY(!flag->isVisible());
}

void TestWindowEgress::aPinnedClientGetsATunnel()
{
    EgressBench bench;
    api::EgressEntry entry = sampleEntry("deny", "", "pinned.example", "", 0);
    entry.scheme = "tls";
    entry.flag = "pinned";
    bench.backend.logEntry(bench.id, entry);
    bench.open();
    QTRY_VERIFY(bench.requests());
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    bench.click("request.tunnel");
    const auto& rules = bench.backend.policyOf(bench.id).rules;
    QCOMPARE(rules.size(), 1);
    QCOMPARE(rules[0].action, "tunnel");
    QCOMPARE(rules[0].host, "pinned.example");
    QVERIFY(rules[0].methods.empty());
}

void TestWindowEgress::theLogIsExported()
{
    EgressBench bench;
    bench.open();
    bench.prompter.willChooseFile(QStringLiteral("/somewhere/requests.har"));
    bench.click("requests.har");
    QTRY_COMPARE(bench.note(), QStringLiteral("The requests are in /somewhere/requests.har."));
    QCOMPARE(bench.backend.savedHar, QStringLiteral("/somewhere/requests.har"));
    bench.prompter.willChooseFile(QStringLiteral("/no"));
    bench.backend.failNext(QStringLiteral("egressHar"), ErrorCode::PermissionDenied,
                           QStringLiteral("it may not be written"));
    bench.click("requests.har");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("Could not export the requests to %1.").arg(QStringLiteral("/no")));
}

void TestWindowEgress::rulesAreEditedInPlace()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    QTableView* table = bench.rules();
    table->setFocus();
    table->setCurrentIndex(table->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_F2);
    auto* edit = bench.find<QLineEdit>("rules.edit");
    QVERIFY(edit);
    QCOMPARE(edit->text(), QStringLiteral("one.example"));
    QTest::keyClicks(edit, QStringLiteral("a b"));
    QTest::keyClick(edit, Qt::Key_Return);
    QVERIFY(bench.isShown("rules.edit")); // it is no host
    QVERIFY(bench.isShown("rules.edit.problem"));
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("**.example.org"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "**.example.org");

    table->setFocus();
    QTest::keyClick(table, Qt::Key_Down, Qt::AltModifier);
    bench.settle();
    QCOMPARE(bench.hosts(), (QStringList{"two.example", "**.example.org"}));
    QTest::keyClick(table, Qt::Key_Delete);
    bench.settle();
    QCOMPARE(bench.hosts(), QStringList{"two.example"});
    bench.click("rules.undoRule");
    bench.click("rules.undoRule");
    QCOMPARE(bench.hosts(), (QStringList{"**.example.org", "two.example"}));
    bench.click("rules.redoRule");
    QCOMPARE(bench.hosts(), (QStringList{"two.example", "**.example.org"}));

    table->setCurrentIndex(table->model()->index(0, RuleModel::Host));
    bench.type("rule.ports", QStringLiteral("8443"));
    QTest::keyClick(bench.find("rule.ports"), Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].ports, std::vector<std::int64_t>{8443});
    bench.find<QLineEdit>("rule.ports")->selectAll();
    QTest::keyClicks(bench.find("rule.ports"), QStringLiteral("99999"));
    QVERIFY(bench.isShown("rule.ports.problem"));
}

/// `GET, P@ST` stood in its field, unmarked, while the rule in force allowed any method: one line far
/// below told the problem of whichever field was left last.
void TestWindowEgress::aFieldKeepsItsOwnProblem()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    const auto select = [&](int row) {
        bench.rules()->setFocus();
        bench.rules()->setCurrentIndex(bench.rules()->model()->index(row, RuleModel::Host));
        bench.settle();
    };
    const auto textOf = [&](const char* name) { return bench.find<QLineEdit>(name)->text(); };
    const auto isWrong = [&](const char* name) {
        return bench.find(name)->property("isWrong").toBool();
    };
    const auto isInSight = [&](const char* name) {
        const QWidget* part = bench.find(name);
        const QWidget* port = bench.find<QScrollArea>("rule")->viewport();
        return part && port->rect().contains(QRect(part->mapTo(port, QPoint()), part->size()));
    };
    select(0);
    bench.type("rule.methods", QStringLiteral("GET, P@ST"));
    bench.press(Qt::Key_Tab);
    QVERIFY(isInSight("rule.methods.problem"));
    QVERIFY(bench.find<QLabel>("rule.methods.problem")
                ->text()
                .endsWith(QStringLiteral("Until it is mended, the rule has: any.")));
    QVERIFY(isWrong("rule.methods"));
    bench.type("rule.expires", QStringLiteral("yesterday"));
    QVERIFY(isInSight("rule.expires.problem"));
    QVERIFY(isInSight("rule.expires"));
    bench.type("rule.path", QStringLiteral("/repos/**"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].path, "/repos/**");
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].methods.empty());
    for (const char* name : {"rule.methods", "rule.expires"})
        QVERIFY2(isWrong(name), name);
    QVERIFY(bench.isShown("rule.methods.problem"));
    QVERIFY(bench.isShown("rule.expires.problem"));

    select(1);
    QCOMPARE(textOf("rule.methods"), QString());
    QVERIFY(!isWrong("rule.methods"));
    QVERIFY(!bench.isShown("rule.methods.problem"));
    select(0);
    QCOMPARE(textOf("rule.methods"), QStringLiteral("GET, P@ST"));
    QCOMPARE(textOf("rule.expires"), QStringLiteral("yesterday"));
    QVERIFY(isWrong("rule.methods"));
    QVERIFY(bench.isShown("rule.methods.problem"));

    bench.find("rule.expires")->setFocus();
    bench.press(Qt::Key_Escape);
    QCOMPARE(textOf("rule.expires"), QString());
    QVERIFY(!isWrong("rule.expires"));
    QVERIFY(isWrong("rule.methods"));
    bench.find<QLineEdit>("rule.methods")->selectAll();
    bench.type("rule.methods", QStringLiteral("GET, POST"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QVERIFY(!isWrong("rule.methods"));
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].methods ==
            (std::vector<std::string>{"GET", "POST"}));
}

/// The selection slid to the neighbour under the caret, and the rest of the word changed that one.
void TestWindowEgress::aRuleThatGoesTakesNoMoreKeys()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.type("rule.note", QStringLiteral("for "));
    bench.backend.setPolicy(bench.id, {sampleRule("r2", "allow", "two.example")});
    bench.settle();
    QTRY_COMPARE(bench.hosts(), QStringList{"two.example"});
    QVERIFY(bench.isShown("rule.lost"));
    QCOMPARE(QApplication::focusWidget(), bench.find("rule.note"));
    QTest::keyClicks(bench.find("rule.note"), QStringLiteral("the build"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.find<QLineEdit>("rule.note")->text(), QStringLiteral("for "));
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].note.empty());
    bench.rules()->setFocus();
    QVERIFY(!bench.isShown("rule.lost"));
    QCOMPARE(bench.find<QLineEdit>("rule.note")->text(), QString());
    bench.type("rule.note", QStringLiteral("mine"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].note, "mine");

    // Nobody types: there is nothing to hold up.
    bench.rules()->setFocus();
    bench.backend.setPolicy(bench.id, {});
    bench.settle();
    QTRY_VERIFY(bench.isShown("rules.empty"));
    QVERIFY(!bench.isShown("rule"));
}

/// A host that nobody has was left behind by every "Add" that was thought better of.
void TestWindowEgress::aRuleThatIsNotNamedIsNone()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    bench.click("rules.empty.action");
    auto* edit = bench.find<QLineEdit>("rules.edit");
    QVERIFY(edit);
    QTest::keyClick(edit, Qt::Key_Escape);
    bench.settle();
    QVERIFY(bench.isShown("rules.empty"));
    QVERIFY(bench.backend.policyOf(bench.id).rules.empty());
    QVERIFY(!bench.find("rules.redoRule")->isEnabled()); // it never was
    QVERIFY(!bench.find("rules.undoRule")->isEnabled());
    bench.click("rules.addRule");
    edit = bench.find<QLineEdit>("rules.edit");
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("api.example.com"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.hosts(), QStringList{"api.example.com"});
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "api.example.com");
}

/// Ctrl+Z belonged to the table, which is not there when its last rule is gone.
void TestWindowEgress::theLastRuleIsHadBack()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_Delete);
    QTRY_VERIFY(bench.isShown("rules.empty"));
    QVERIFY(bench.find("rules")->isAncestorOf(QApplication::focusWidget()));
    bench.press(QKeySequence::Undo);
    QCOMPARE(bench.hosts(), QStringList{"one.example"});
}

void TestWindowEgress::theSpaceBarSwitchesARule()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_Space);
    QVERIFY(!bench.isShown("rules.edit"));
    QVERIFY(!bench.backend.policyOf(bench.id).rules[0].enabled);
    QCOMPARE(bench.rules()->model()->headerData(RuleModel::Host, Qt::Horizontal).toString(),
             QStringLiteral("Host, path and methods")); // there is no room for more columns
}

void TestWindowEgress::aRefusedChangeIsSaid()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                           QStringLiteral("there is no secret “github”"));
    QVERIFY(bench.rules()->model()->setData(bench.rules()->model()->index(0, RuleModel::Host),
                                            QStringLiteral("two.example")));
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("“Change one.example” was not done; the rules are as they were."));
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("There is no secret “github”."));
    QCOMPARE(bench.hosts(), QStringList{"one.example"});
}

void TestWindowEgress::thePolicyIsInTheBar()
{
    EgressBench bench;
    bench.open();
    auto* policy = bench.find<QToolButton>("bar.policy");
    QVERIFY(policy);
    QCOMPARE(policy->text(), QStringLiteral("policy: ask"));
    // Within the window, and the button is dark again when its menu has closed.
    bench.window().resize(900, 600);
    policy->menu()->popup(policy->mapToGlobal(QPoint(policy->width() - 20, policy->height())));
    bench.settle();
    QVERIFY(bench.window().frameGeometry().contains(policy->menu()->geometry()));
    policy->setAttribute(Qt::WA_UnderMouse); // the pointer went away over the menu
    policy->setDown(true);
    policy->menu()->close();
    bench.settle();
    QVERIFY(!policy->underMouse() && !policy->isDown());
    emit policy->menu()->aboutToShow();
    policy->menu()->findChild<QAction*>(QStringLiteral("policy.deny"))->trigger();
    bench.settle();
    QCOMPARE(policy->text(), QStringLiteral("policy: deny"));
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "deny");
    bench.backend.setPolicy(bench.id, {}, "allow"); // on the command line
    bench.settle();
    QTRY_COMPARE(policy->text(), QStringLiteral("policy: allow"));
    bench.showTab(1);
    QCOMPARE(bench.find<QComboBox>("rules.default")->currentText(), QStringLiteral("allow"));
}

void TestWindowEgress::presetsAddRules()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    QMenu* menu = bench.find<QToolButton>("rules.presets")->menu();
    menu->findChild<QAction*>(QStringLiteral("preset.package-registries"))->trigger();
    bench.settle();
    QVERIFY(bench.hosts().contains(QStringLiteral("registry.npmjs.org")));
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "ask");
    menu->findChild<QAction*>(QStringLiteral("preset.deny-all"))->trigger();
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "deny");
    QVERIFY(bench.hosts().contains(QStringLiteral("registry.npmjs.org")));
}

void TestWindowEgress::aPolicyFileIsImportedAndExported()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("policy.toml"));
    bench.prompter.willChooseFile(path);
    bench.click("rules.exportRules");
    QTRY_COMPARE(bench.note(), QStringLiteral("The rules are in %1.").arg(path));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QCOMPARE(QString::fromUtf8(file.readAll()),
             QString::fromStdString(bench.backend.policyOf(bench.id).toml));
    file.resize(0);
    file.write("default = \"deny\"\n[[rule]]\nhost = \"*.github.com\"\naction = \"allow\"\n");
    file.close();
    bench.prompter.willChooseFile(path);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.hosts(), QStringList{"*.github.com"});
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("default = perhaps\n");
    file.close();
    bench.prompter.willChooseFile(path);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("%1 was not imported; the rules are as they were.").arg(path));
    QCOMPARE(bench.hosts(), QStringList{"*.github.com"});
    // What was said of one file is over when another is taken.
    const QString other = folder.filePath(QStringLiteral("other.toml"));
    QFile good(other);
    QVERIFY(good.open(QIODevice::WriteOnly));
    good.write("[[rule]]\nhost = \"b.example\"\naction = \"allow\"\n");
    good.close();
    bench.prompter.willChooseFile(other);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.hosts(), QStringList{"b.example"});
    QTRY_VERIFY(!bench.isShown("errorStrip.what"));
    const QString nowhere = folder.filePath(QStringLiteral("no/policy.toml"));
    bench.prompter.willChooseFile(nowhere);
    bench.click("rules.exportRules");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("Could not export the rules to %1.").arg(nowhere));
}

void TestWindowEgress::aQuestionIsAnswered()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "deny", "two.example")});
    bench.backend.explanation = {.verdict = "deny",
                                 .rule = "r2",
                                 .why = "The rule “r2” denies it.",
                                 .generation = 2,
                                 .secrets = {}};
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.type("rules.question", QStringLiteral("post https://two.example/x"));
    bench.press(Qt::Key_Return);
    QTRY_COMPARE(bench.find<QLabel>("rules.answer")->text(),
                 QStringLiteral("Deny (rule r2): The rule “r2” denies it."));
    QVERIFY(bench.backend.calls().contains(
        QStringLiteral("explainEgress bench POST https://two.example/x")));
    QCOMPARE(bench.rules()->currentIndex().row(), 1);
    QTest::keyClicks(bench.find("rules.question"), QStringLiteral("y"));
    QVERIFY(!bench.isShown("rules.answer")); // it was about something else
    bench.backend.forgetCalls();
    bench.find<QLineEdit>("rules.question")->clear();
    bench.type("rules.question", QStringLiteral("foo bar baz"));
    bench.press(Qt::Key_Return);
    QVERIFY(bench.find<QLabel>("rules.answer")->text().startsWith(QStringLiteral("Ask like this")));
    QVERIFY(bench.backend.calls().filter(QStringLiteral("explainEgress")).isEmpty());
}

void TestWindowEgress::aStoppedSandboxIsSaid()
{
    EgressBench bench;
    bench.backend.at(bench.id).sandbox.state = api::SandboxState::Stopped;
    bench.backend.failNext(QStringLiteral("egressLog"), ErrorCode::NotRunning);
    bench.open();
    QTRY_VERIFY(bench.isShown("requests.stopped"));
    QVERIFY(!bench.isShown("errorStrip"));
    bench.click("requests.stopped.action");
    QTRY_VERIFY(bench.isShown("requests.empty"));
}

void TestWindowEgress::secretsAreKept()
{
    EgressBench bench;
    bench.open();
    bench.showTab(2);
    bench.click("secrets.empty.action");
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.name"));
    bench.type("secrets.name", QStringLiteral("my key"));
    bench.type("secrets.value", QStringLiteral("hunter2"));
    QVERIFY(!bench.find("secrets.accept")->isEnabled());
    QVERIFY(!bench.find<QLabel>("secrets.problem")->text().isEmpty());
    bench.find<QLineEdit>("secrets.name")->setText(QStringLiteral("github"));
    QCOMPARE(bench.find<QLineEdit>("secrets.value")->echoMode(), QLineEdit::Password);
    bench.click("secrets.accept");
    QTRY_COMPARE(bench.note(), QStringLiteral("“github” is kept in the desktop’s keychain."));
    QVERIFY(!bench.isShown("secrets.form"));
    QVERIFY(bench.secrets());
    QCOMPARE(bench.secretStore.values.value(QStringLiteral("github")), QStringLiteral("hunter2"));
    QCOMPARE(bench.backend.secretValues["github"], "hunter2");
    // Nothing of it stays in the window.
    for (const QLineEdit* edit : bench.window().findChildren<QLineEdit*>())
        QVERIFY(!edit->text().contains(QStringLiteral("hunter2")));
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    bench.click("secrets.replaceSecret");
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.value"));
    bench.type("secrets.value", QStringLiteral("hunter3"));
    bench.showTab(1); // thought better of
    bench.showTab(2);
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    bench.type("secrets.value", QStringLiteral("hunter4"));
    bench.press(Qt::Key_Return);
    QTRY_COMPARE(bench.backend.secretValues["github"], "hunter4");
}

/// It jumped when the name became one, Name to where Value had been: a value was typed in clear.
void TestWindowEgress::theSecretsFormStaysWhereItIs()
{
    EgressBench bench;
    bench.open();
    bench.showTab(2);
    bench.click("secrets.empty.action");
    const auto places = [&] {
        QList<QRect> rects;
        for (const char* name : {"secrets.form", "secrets.name", "secrets.value", "secrets.accept"})
            rects += QRect(bench.find(name)->mapToGlobal(QPoint()), bench.find(name)->size());
        return rects;
    };
    const auto problem = [&] { return bench.find<QLabel>("secrets.problem"); };
    const QList<QRect> before = places();
    for (const char* name : {"-", "a key", "github"}) {
        bench.find<QLineEdit>("secrets.name")->setText(QLatin1String(name));
        bench.settle();
        QCOMPARE(places(), before);
        QVERIFY(problem()->heightForWidth(problem()->width()) <= problem()->height());
        const bool isName = QLatin1String(name) == QLatin1String("github");
        QCOMPARE(problem()->foregroundRole(),
                 isName ? QPalette::PlaceholderText : QPalette::BrightText);
        QCOMPARE(bench.find("secrets.name")->property("isWrong").toBool(), !isName);
    }

    // What could not stand in a request is refused here, with its reason.
    auto* value = bench.find<QLineEdit>("secrets.value");
    value->setFocus();
    value->insert(QStringLiteral("-----BEGIN\nabc\n"));
    QCOMPARE(problem()->text(),
             QStringLiteral("A value stands in one line of a request, and this one has several."));
    QVERIFY(!bench.find("secrets.accept")->isEnabled());
    value->clear();
    value->insert(QStringLiteral("hunter2\n")); // copied from a file
    QVERIFY(bench.find("secrets.accept")->isEnabled());

    bench.showTab(1);
    bench.showTab(2);
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    QCOMPARE(bench.find<QLineEdit>("secrets.name")->text(), QStringLiteral("github"));
    QCOMPARE(problem()->text(),
             QStringLiteral("The value was emptied when you looked elsewhere. Put it in again."));
    QCOMPARE(places(), before);
    bench.find<QLineEdit>("secrets.value")->insert(QStringLiteral("hunter2\n"));
    bench.click("secrets.accept");
    QTRY_COMPARE(bench.backend.secretValues["github"], "hunter2");
}

void TestWindowEgress::aSecretIsRemoved()
{
    EgressBench bench;
    bench.backend.addSecret(
        {.name = "github", .created = {}, .lasts = "reboot", .known = true, .uses = {}});
    bench.open();
    bench.showTab(2);
    QTRY_VERIFY(bench.secrets());
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    bench.prompter.willConfirm(true);
    bench.click("secrets.removeSecret");
    QTRY_VERIFY(bench.isShown("secrets.empty"));
    QVERIFY(bench.backend.secrets.empty());
    QVERIFY(
        bench.prompter.asked().last().startsWith(QStringLiteral("Remove the secret “github”?")));
}

void TestWindowEgress::aLockedFileIsOpened()
{
    EgressBench bench;
    bench.backend.secretsLocked = true;
    bench.open();
    bench.showTab(2);
    QTRY_VERIFY(bench.isShown("secrets.locked"));
    bench.click("secrets.locked.unlock");
    bench.type("secrets.value", QStringLiteral("wrong"));
    bench.backend.failNext(QStringLiteral("unlockSecrets"), ErrorCode::PermissionDenied,
                           QStringLiteral("that is not its passphrase"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("secrets.problem"));
    QCOMPARE(bench.find<QLabel>("secrets.problem")->text(),
             QStringLiteral("That is not its passphrase."));
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    bench.type("secrets.value", QStringLiteral("right"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(!bench.isShown("secrets.locked"));
    QVERIFY(!bench.isShown("secrets.form"));
}

QTEST_MAIN(TestWindowEgress)
#include "test_window_egress.moc"
