// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/style.h"
#include "widgets/models/request_model.h"

#include <QClipboard>
#include <QComboBox>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QToolButton>

using namespace caisson;
using test::EgressBench;
using test::sampleEntry;
using test::sampleRule;

/// The right column as a whole, the requests in it, and the bar's policy.
class TestWindowEgress : public QObject
{
    Q_OBJECT

private slots:
    void theColumnIsKeptAsItWasLeft();
    void everyTabSaysWhatWillBeThere();
    void requestsComeLive();
    void nothingMovesWhileSomebodyReads();
    void requestsAreFiltered();
    void aRowIsReachedAndHasAMenu();
    void theRowUnderThePointerIsOne();
    void noSchemeMeansHttps();
    void aRequestBecomesARule();
    void anOfferedRuleIsReadAsItIs();
    void aRuleForWhatIsInsideWorks();
    void whatLastsIsFollowedToItsEnd();
    void aPinnedClientGetsATunnel();
    void theLogIsExported();
    void thePolicyIsInTheBar();
    void aStoppedSandboxIsSaid();
};

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
    // What is asked for comes from there.
    QVERIFY(bench.isShown("requests.empty.action"));
    bench.find("requests.empty.action")->setFocus();
    bench.press(Qt::Key_Space);
    QVERIFY(!bench.find("side")->isAncestorOf(QApplication::focusWidget()));
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
    QVERIFY(bench.isShown("requests.empty.action"));
    bench.find("requests.empty.action")->setFocus();
    bench.backend.logEntry(bench.id, sampleEntry("deny", "POST", "api.example.com", "/v1", 403));
    bench.settle();
    QTRY_VERIFY(bench.requests());
    QCOMPARE(QApplication::focusWidget(), bench.find("requests.filter")); // its button has gone
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
    // It lay over the first row's status, also where that was the chosen one.
    QVERIFY(!table->viewport()->geometry().intersects(fresh->geometry()));
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
    auto* filter = bench.find<QLineEdit>("requests.filter");
    QVERIFY(filter->placeholderText().contains(QStringLiteral("program")));
    bench.type("requests.filter", QStringLiteral("one"));
    QTRY_COMPARE(bench.requests()->model()->rowCount(), 1);
    bench.press(Qt::Key_Escape);
    QTRY_COMPARE(bench.requests()->model()->rowCount(), 2);
    QVERIFY(filter->text().isEmpty());
    QCOMPARE(QApplication::focusWidget(), filter);
}

/// End went to the last column, and the right button did nothing.
void TestWindowEgress::aRowIsReachedAndHasAMenu()
{
    EgressBench bench;
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "one.example", "/", 200));
    bench.backend.logEntry(bench.id, sampleEntry("deny", "POST", "two.example", "/v1", 403));
    api::EgressEntry third = sampleEntry("deny", "GET", "three.example", "/", 403);
    third.terminal = bench.terminal.toStdString();
    bench.backend.logEntry(bench.id, third);
    bench.open();
    QTRY_VERIFY(bench.requests());
    QTableView* table = bench.requests();
    table->setFocus();
    table->setCurrentIndex(table->model()->index(1, RequestModel::Url));
    bench.press(Qt::Key_End);
    QCOMPARE(table->currentIndex(), table->model()->index(2, RequestModel::Url));
    bench.press(Qt::Key_Home);
    QCOMPARE(table->currentIndex(), table->model()->index(0, RequestModel::Url));

    const auto menuAt = [&](int row) {
        emit table->customContextMenuRequested(
            table->visualRect(table->model()->index(row, RequestModel::Url)).center());
        bench.settle();
        return bench.window().findChild<QMenu*>(QStringLiteral("requests.menu"));
    };
    QMenu* menu = menuAt(1);
    QVERIFY(menu);
    QCOMPARE(table->currentIndex().row(), 1);
    menu->actions().last()->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("two.example/v1"));
    QMenu* rules = menu->actions().first()->menu();
    QVERIFY(rules);
    emit rules->aboutToShow();
    rules->actions().first()->trigger();
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "two.example");
    menu->close();
    bench.settle();
    bench.showTab(0);
    menu = menuAt(0);
    QVERIFY(menu->actions().value(1)->text().contains(QStringLiteral("terminal")));
    menu->close();
}

/// Only the cell under the pointer had the row's colour.
void TestWindowEgress::theRowUnderThePointerIsOne()
{
    EgressBench bench;
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "one.example", "/", 200));
    bench.backend.logEntry(bench.id, sampleEntry("allow", "GET", "two.example", "/", 200));
    bench.open();
    QTRY_VERIFY(bench.requests());
    QTableView* table = bench.requests();
    Style style;
    table->setStyle(&style);
    const auto color = [&](int row, int column) {
        const QRect cell = table->visualRect(table->model()->index(row, column));
        return table->viewport()->grab().toImage().pixelColor(cell.left() + 5, cell.bottom() - 2);
    };
    const QColor quiet = color(0, RequestModel::Verdict);
    const QPoint over = table->visualRect(table->model()->index(0, RequestModel::Status)).center();
    QTest::mouseMove(table->viewport(), over);
    bench.settle();
    QVERIFY(color(0, RequestModel::Verdict) != quiet);
    QCOMPARE(color(0, RequestModel::Verdict), color(0, RequestModel::Status));
    QCOMPARE(color(1, RequestModel::Verdict), quiet);
    table->setStyle(nullptr);
}

/// "plain.example.org/v1/orders", in clear, stood beside neighbours that did say "http://".
void TestWindowEgress::noSchemeMeansHttps()
{
    EgressBench bench;
    for (const char* scheme : {"https", "http", "tls", "tcp"}) {
        api::EgressEntry entry = sampleEntry("allow", "GET", "plain.example.org",
                                             "/v1/orders/of/a/customer/with/a/long/name", 200);
        entry.scheme = scheme;
        entry.port = entry.scheme == "http" ? 80 : entry.scheme == "tcp" ? 0 : 443;
        bench.backend.logEntry(bench.id, entry);
    }
    bench.open();
    QTRY_VERIFY(bench.requests() && bench.requests()->model()->rowCount() == 4);
    std::vector<QImage> seen;
    for (int row = 0; row < 4; ++row) {
        QRect cell =
            bench.requests()->visualRect(bench.requests()->model()->index(row, RequestModel::Url));
        cell.setHeight(bench.requests()->rowHeight(0) - 1);
        seen.push_back(bench.requests()->viewport()->grab(cell).toImage());
    }
    for (int row = 0; row < 3; ++row)
        QVERIFY2(seen[row] != seen[3], qPrintable(QString::number(row))); // the oldest is the https
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

/// "list?a=1&b=2&copy=3" stood in the menu as "list?a=1b=2copy=3", with two of its letters underlined:
/// another URL than the rule was for, and keys that the sandbox had chosen.
void TestWindowEgress::anOfferedRuleIsReadAsItIs()
{
    EgressBench bench;
    api::EgressEntry entry = sampleEntry("deny", "GET", "shop.example", "/list", 403);
    entry.query = "a=1&b=2&copy=3";
    bench.backend.logEntry(bench.id, entry);
    bench.open();
    QTRY_VERIFY(bench.requests());
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    auto* menu = bench.find<QPushButton>("request.rule")->menu();
    emit menu->aboutToShow();
    const QString offer = menu->actions().first()->text();
    QCOMPARE(QKeySequence::mnemonic(offer), QKeySequence());
    QCOMPARE(stripMnemonics(offer), QStringLiteral("allow GET shop.example/list?a=1&b=2&copy=3"));
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
    api::EgressEntry once = sampleEntry("allow", "GET", "192.0.2.2", "/once", 200);
    once.scheme = "http";
    once.port = 8123;
    once.address = "192.0.2.2";
    once.why = "A person allowed it, to a private address or one of this host.";
    bench.backend.logEntry(bench.id, once);
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
    QStringList texts = offers(3);
    QCOMPARE(texts.size(), 4);
    QCOMPARE(texts[0], QStringLiteral("allow GET 192.0.2.2:8099/v1/race without a query (this "
                                      "machine or its network)"));
    texts.removeDuplicates();
    QCOMPARE(texts.size(), 4);
    QVERIFY(isPrivate(QStringLiteral("allow GET 192.0.2.2")));
    QVERIFY(!isPrivate(QStringLiteral("deny GET 192.0.2.2")));
    offers(2);
    QVERIFY(isPrivate(QStringLiteral("allow printer.example")));
    QCOMPARE(offers(1).size(), 6);
    QVERIFY(!isPrivate(QStringLiteral("allow one.example")));
    offers(0);
    QVERIFY(isPrivate(QStringLiteral("allow 192.0.2.2:8123")));
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
    entry.why = "The program did not trust the opened connection.";
    entry.rule = "prompt:p1-205";
    entry.ms = 0.01;
    bench.backend.logEntry(bench.id, entry);
    bench.open();
    QTRY_VERIFY(bench.requests());
    bench.requests()->setCurrentIndex(bench.requests()->model()->index(0, 0));
    QVERIFY(bench.isShown("request.why"));
    QVERIFY(!bench.isShown("request.flag")); // which said the same
    QStringList details;
    for (const QLabel* label : bench.find("request.rows")->findChildren<QLabel*>())
        details += label->text();
    QVERIFY(!details.contains(QStringLiteral("Took"))); // 0.0 ms
    QVERIFY2(details.contains(QStringLiteral("none, a person was asked")),
             qPrintable(details.join(QLatin1Char('|'))));
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

void TestWindowEgress::thePolicyIsInTheBar()
{
    EgressBench bench;
    bench.open();
    auto* policy = bench.find<QToolButton>("bar.policy");
    QVERIFY(policy);
    QCOMPARE(policy->text(), QStringLiteral("everything else: ask"));
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
    const QList<QAction*> lines = policy->menu()->actions();
    QCOMPARE(lines.first()->text(), QStringLiteral("Everything else, where no rule fits"));
    bench.showTab(1);
    const auto* inRules = bench.find<QComboBox>("rules.default");
    for (int choice = 0; choice < inRules->count(); ++choice) // one thing, one name
        QCOMPARE(lines.at(choice + 1)->text(), inRules->itemText(choice));
    policy->menu()->findChild<QAction*>(QStringLiteral("policy.deny"))->trigger();
    bench.settle();
    QCOMPARE(policy->text(), QStringLiteral("everything else: deny"));
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "deny");
    bench.backend.setPolicy(bench.id, {}, "allow"); // on the command line
    bench.settle();
    QTRY_COMPARE(policy->text(), QStringLiteral("everything else: allow"));
    bench.showTab(1);
    QCOMPARE(bench.find<QComboBox>("rules.default")->currentText(), QStringLiteral("allow"));
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

QTEST_MAIN(TestWindowEgress)
#include "test_window_egress.moc"
