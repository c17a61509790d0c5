// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_bench.h"
#include "widgets/egress/command_label.h"

#include <QComboBox>
#include <QLayout>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QToolButton>

using namespace caisson;
using test::PromptBench;
using test::samplePrompt;

/// What the panel of a waiting request says and asks.
class TestWindowPromptPanel : public QObject
{
    Q_OBJECT

private slots:
    void thePanelSaysWhatAnAnswerMeans();
    void thePanelSaysWhatLeadsInside();
    void thePanelNamesAnExec();
    void thePanelKeepsItsHeight();
    void thePanelCrushesNothing();
    void thePanelIsReadInASmallWindow_data();
    void thePanelIsReadInASmallWindow();
    void thePanelCoversNothing_data();
    void thePanelCoversNothing();
    void theFieldWithTheKeyboardStaysInSight();
    void theNextOneKeepsNoChoice();
    void aFloodIsDeniedAtOnce();
    void theTerminalIsAJumpAway();
    void aNameIsTakenForNothingElse();
    void aKeyIsOfOneButton();
};

void TestWindowPromptPanel::thePanelSaysWhatAnAnswerMeans()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(bench.isShown("prompt.panel"));
    QCOMPARE(bench.find<QLabel>("prompt.program")->text(),
             QStringLiteral("agent › npm › node › curl, process 4312"));
    QVERIFY(bench.find<CommandLabel>("prompt.command")->text().startsWith("curl -fsS -X POST"));
    QCOMPARE(bench.find<QLabel>("prompt.meaning")->text(),
             QStringLiteral("Counts for what waits now. Nothing is remembered."));
    QVERIFY(!bench.find("prompt.scope")->isEnabled());
    auto* duration = bench.find<QComboBox>("prompt.duration");
    auto* scope = bench.find<QComboBox>("prompt.scope");
    auto* methods = bench.find<QComboBox>("prompt.methods");
    duration->setCurrentIndex(duration->findData(QStringLiteral("15m")));
    QVERIFY(scope->isEnabled());
    QCOMPARE(scope->currentText(), QStringLiteral("this host: api.example.com"));
    QCOMPARE(bench.find<QLabel>("prompt.meaning")->text(),
             QStringLiteral("Becomes a rule, for 15 minutes: POST api.example.com"));
    scope->setCurrentIndex(scope->findData(QStringLiteral("domain")));
    methods->setCurrentIndex(1);
    const QString meaning = bench.find<QLabel>("prompt.meaning")->text();
    QVERIFY2(meaning.contains(QStringLiteral("example.com")) &&
                 !meaning.contains(QStringLiteral("POST")),
             qPrintable(meaning));
    QCOMPARE(bench.find<QPushButton>("prompt.allow")->text(), QStringLiteral("Allow for 15 min"));
    QCOMPARE(bench.find<QPushButton>("prompt.deny")->text(), QStringLiteral("Deny for 15 min"));
    bench.click("prompt.more"); // closed, it answers once
    QCOMPARE(bench.find<QPushButton>("prompt.allow")->text(), QStringLiteral("Allow once"));
    QCOMPARE(bench.find<QPushButton>("prompt.deny")->text(), QStringLiteral("Deny"));
    bench.click("prompt.more");
    bench.click("prompt.allow");
    QCOMPARE(bench.backend.answers.size(), 1);
    QCOMPARE(bench.backend.answers[0].scope, "domain");
    QCOMPARE(bench.backend.answers[0].duration, "15m");
    QVERIFY(bench.backend.answers[0].methods.empty());
}

void TestWindowPromptPanel::thePanelSaysWhatLeadsInside()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(bench.isShown("prompt.panel"));
    QVERIFY(!bench.isShown("prompt.inner"));
    api::Prompt prompt = samplePrompt("192.168.1.1");
    prompt.isPrivate = true;
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.next");
    QVERIFY(bench.isShown("prompt.inner"));
    const auto* scope = bench.find<QComboBox>("prompt.scope");
    QVERIFY(scope->findData(QStringLiteral("host")) >= 0);
    QCOMPARE(scope->findData(QStringLiteral("domain")), -1); // "**.168.1.1" is no domain
}

/// "no terminal" stood there, of what `caissonctl exec` had started.
void TestWindowPromptPanel::thePanelNamesAnExec()
{
    PromptBench bench;
    bench.open();
    api::Prompt prompt = samplePrompt();
    prompt.exec = "x1-7";
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(bench.find<QLabel>("prompt.terminal")->text(),
             QStringLiteral("exec x1-7, no terminal"));
    QVERIFY(!bench.isShown("prompt.jump"));
}

void TestWindowPromptPanel::thePanelKeepsItsHeight()
{
    PromptBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("web-preview"));
    bench.open();
    api::Prompt prompt = samplePrompt("one.example", "GET", "/");
    prompt.process.cmdline = "curl";
    bench.ask(prompt);
    prompt = samplePrompt("192.168.1.1");
    prompt.isPrivate = true;
    prompt.terminal = bench.terminal.toStdString();
    prompt.process.cmdline = "curl " + std::string(400, 'x');
    bench.ask(prompt);
    bench.ask(samplePrompt("", "", ""));
    bench.backend.addPrompt(other, samplePrompt("two.example"));
    bench.settle();
    bench.waitForGuard();
    bench.click("prompt.more");
    const int height = bench.bar()->height();
    QSet<QString> seen;
    for (int step = 0; step < 4; ++step) {
        bench.waitForGuard();
        bench.click("prompt.next");
        seen.insert(bench.bar()->prompt());
        QCOMPARE(bench.bar()->height(), height);
    }
    QCOMPARE(seen.size(), 4);
    // The flag, "Next" and "Deny all" agree on what they count.
    QCOMPARE(bench.find<QToolButton>("bar.waiting")->text(), QStringLiteral("4"));
    QCOMPARE(bench.find<QPushButton>("prompt.next")->text(), QStringLiteral("Next of 4"));
    while (bench.bar()->sandbox() != bench.id) {
        bench.waitForGuard();
        bench.click("prompt.next");
    }
    QVERIFY2(
        bench.find<QPushButton>("prompt.denyAll")->text().startsWith(QStringLiteral("Deny all 3 ")),
        qPrintable(bench.find<QPushButton>("prompt.denyAll")->text()));
}

/// In the smallest window the texts of the terminals' tabs went, and others lay over each other.
void TestWindowPromptPanel::thePanelCrushesNothing()
{
    PromptBench bench;
    bench.size = QSize(720, 480);
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    for (const char* name : {"terminals.tabs", "editors.tabs"}) {
        const QWidget* part = bench.find(name);
        QVERIFY2(part->height() >= part->minimumSizeHint().height(), name);
        for (const QWidget* outer = part->parentWidget(); outer->objectName() != "body";
             outer = outer->parentWidget()) {
            const int least = outer->minimumHeight() > 0 ? outer->minimumHeight()
                                                         : outer->minimumSizeHint().height();
            QVERIFY2(outer->height() >= least, qPrintable(outer->objectName()));
        }
    }
    QVERIFY(bench.find("terminals.tabs")->mapTo(&bench.window(), QPoint()).y() +
                bench.find("terminals.tabs")->height() <=
            bench.bar()->y());
}

void TestWindowPromptPanel::thePanelIsReadInASmallWindow_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("small") << QSize(900, 600);
    QTest::newRow("smallest") << QSize(720, 480);
}

/// At 900 by 600 the panel's lines overlapped, its answer was squeezed to half its height, and of
/// the command one line was there, with nothing to say that it went on.
void TestWindowPromptPanel::thePanelIsReadInASmallWindow()
{
    QFETCH(const QSize, size);
    PromptBench bench;
    bench.size = size;
    bench.open();
    api::Prompt prompt = samplePrompt("api.example.com", "POST", "/" + std::string(150, 'x'));
    prompt.process.cmdline =
        "curl -fsS https://api.example.com/" + std::string(400, 'x') + " -o end";
    prompt.isPrivate = true; // all rows that there are
    prompt.terminal = bench.terminal.toStdString();
    bench.ask(prompt);
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.click("prompt.more");
    const QRect bar = bench.bar()->rect();
    QVERIFY(bar.height() <= size.height() / 2);
    QVERIFY(bench.bar()->sizeHint().height() <= size.height() / 2); // nor asks for more
    const auto whereIs = [&](const char* name) {
        const QWidget* part = bench.find(name);
        return part ? QRect(part->mapTo(bench.bar(), QPoint()), part->size()) : QRect();
    };
    // What it is answered with is whole, and in nobody's way.
    QRect above = whereIs("prompt.info");
    QVERIFY(above.height() >= 48);
    for (const char* name : {"prompt.duration", "prompt.scope", "prompt.methods", "prompt.meaning",
                             "prompt.line", "prompt.allow", "prompt.deny"}) {
        const QRect part = whereIs(name);
        QVERIFY2(bar.contains(part), name);
        const QWidget* widget = bench.find(name);
        const int least = widget->hasHeightForWidth() ? widget->heightForWidth(widget->width())
                                                      : widget->sizeHint().height();
        QVERIFY2(part.height() >= least, name);
        QVERIFY2(!part.intersects(above), name);
    }
    QVERIFY(whereIs("prompt.duration").bottom() < whereIs("prompt.meaning").top());
    QVERIFY(whereIs("prompt.meaning").bottom() < whereIs("prompt.line").top());
    // What it is about scrolls where there is no room for it.
    auto* info = bench.find<QScrollArea>("prompt.info");
    const auto* body = info->widget();
    QVERIFY(body->height() >= body->layout()->totalMinimumHeightForWidth(body->width()));
    QCOMPARE(info->verticalScrollBar()->maximum() > 0, body->height() > info->viewport()->height());
    QCOMPARE(body->width(), info->viewport()->width());
    const auto* command = body->findChild<CommandLabel*>();
    const QStringList lines = command->linesIn(command->width());
    QCOMPARE(lines.size(), 2);
    QVERIFY(lines[0].startsWith(QStringLiteral("curl -fsS")));
    QVERIFY(lines[1].contains(QChar(0x2026)));
    QVERIFY(lines[1].endsWith(QStringLiteral(" -o end")));
    QVERIFY(command->toolTip().startsWith(QStringLiteral("curl -fsS")));
    QCOMPARE(command->height(), command->heightForWidth(command->width()));
    // A larger window makes room.
    const int before = bench.bar()->height();
    bench.window().resize(1280, 800);
    bench.settle();
    QVERIFY(bench.bar()->height() > before || info->verticalScrollBar()->maximum() == 0);
    QCOMPARE(info->verticalScrollBar()->maximum(), 0);
}

void TestWindowPromptPanel::thePanelCoversNothing_data()
{
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("tab");
    QTest::addColumn<bool>("isNoted");
    const char* tabs[] = {"requests", "rules", "secrets"};
    for (int tab = 0; tab < 3; ++tab) {
        QTest::addRow("small, %s", tabs[tab]) << QSize(900, 600) << tab << false;
        QTest::addRow("small, %s, with a note", tabs[tab]) << QSize(900, 600) << tab << true;
        QTest::addRow("smallest, %s", tabs[tab]) << QSize(720, 480) << tab << false;
    }
}

/// The right column needed more height than was left, and with it the whole window: the end of the
/// terminal with its cursor, the buttons of the tree and the detail of a secret lay below the panel.
void TestWindowPromptPanel::thePanelCoversNothing()
{
    QFETCH(const QSize, size);
    QFETCH(const int, tab);
    QFETCH(const bool, isNoted);
    PromptBench bench;
    bench.size = size;
    const QString empty = bench.backend.addSandbox(QStringLiteral("empty"));
    bench.backend.addTerminal(empty, "$ ");
    bench.backend.setPolicy(empty, {test::sampleRule("npm", "allow", "registry.npmjs.org")});
    bench.backend.addSecret(
        {.name = "github", .created = {}, .lasts = "reboot", .known = true, .uses = {}});
    api::EgressEntry entry = test::sampleEntry("allow", "GET", "registry.npmjs.org", "/a", 200);
    bench.backend.logEntry(empty, entry);
    bench.open();
    auto* list = bench.find<QListView>("sandboxes.list");
    for (int row = 0; row < list->model()->rowCount(); ++row) {
        if (list->model()->index(row, 0).data().toString() == QLatin1String("empty"))
            list->setCurrentIndex(list->model()->index(row, 0));
    }
    bench.settle();
    bench.find<QTabBar>("side.tabs")->setCurrentIndex(tab);
    bench.settle();
    const char* tables[] = {"requests.table", "rules.table", "secrets.table"};
    auto* table = bench.find<QTableView>(tables[tab]);
    QVERIFY(table);
    QTRY_VERIFY(table->model()->rowCount() > 0);
    table->setCurrentIndex(table->model()->index(0, 1));
    QTRY_VERIFY(bench.isShown("files.empty"));
    api::Prompt prompt = samplePrompt();
    prompt.isPrivate = true;
    prompt.terminal = bench.terminal.toStdString();
    prompt.process.cmdline = "curl -fsS https://api.example.com/" + std::string(400, 'x');
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    if (isNoted) {
        bench.backend.endPrompt(bench.id, bench.ask(samplePrompt("two.example")),
                                QStringLiteral("allowed"));
        bench.settle();
        QVERIFY(bench.isShown("note"));
    }

    const auto whereIs = [&](const QWidget* part) {
        return QRect(part->mapTo(&bench.window(), QPoint()), part->size());
    };
    const int edge = whereIs(bench.find("bodyClip")).bottom();
    QVERIFY(edge < whereIs(bench.bar()).top());
    QVERIFY(whereIs(bench.bar()).bottom() < bench.window().height());
    QVERIFY2(
        whereIs(bench.find("body")).bottom() <= edge,
        qPrintable(QStringLiteral("%1 of %2").arg(whereIs(bench.find("body")).bottom()).arg(edge)));
    QVERIFY(whereIs(bench.view()).bottom() <= edge);
    QVERIFY(bench.view()->height() >= 3 * QFontMetrics(bench.view()->font()).height());
    // What the tree says where it is empty is read, and its button pressed.
    const auto* sentence = bench.find<QLabel>("files.empty.sentence");
    QVERIFY(sentence->height() >= sentence->heightForWidth(sentence->width()));
    const QWidget* button = bench.find("files.empty.action");
    QVERIFY(button->height() >= button->sizeHint().height());
    QVERIFY(whereIs(sentence).bottom() < whereIs(button).top());
    QVERIFY(whereIs(button).bottom() <= edge);
    QVERIFY(!button->visibleRegion().isEmpty());
    QCOMPARE(button->visibleRegion().boundingRect(), button->rect());
    const auto* files = bench.find<QLabel>("editors.empty.sentence");
    QCOMPARE(files->visibleRegion().boundingRect(), files->rect());
    // The right column scrolls where it has to, and to its end.
    const auto* side = bench.find<QScrollArea>("side.scroll");
    QVERIFY(whereIs(side).bottom() <= edge);
    QCOMPARE(side->verticalScrollBar()->maximum(),
             qMax(0, side->widget()->height() - side->viewport()->height()));
    const char* last[] = {"request", "rules.question", "secrets.detail"};
    const QWidget* end = bench.find(last[tab]);
    QVERIFY(end);
    const QRect inPage(end->mapTo(side->widget(), QPoint()), end->size());
    QVERIFY(side->widget()->rect().contains(inPage));
    QVERIFY(inPage.height() >= end->minimumSizeHint().height());
    for (const QWidget* part : {static_cast<const QWidget*>(table), end})
        QVERIFY2(part->height() >= 20, qPrintable(part->objectName()));
    QVERIFY(!QRect(table->mapTo(side->widget(), QPoint()), table->size()).intersects(inPage));
    // With room for all of it nothing scrolls.
    bench.window().resize(1280, 900);
    bench.settle();
    QCOMPARE(side->verticalScrollBar()->maximum(), 0);
    QVERIFY(bench.isShown("files.empty.icon"));
}

/// The panel opens while a form is filled in for which there is too little room then.
void TestWindowPromptPanel::theFieldWithTheKeyboardStaysInSight()
{
    PromptBench bench;
    bench.size = QSize(900, 600);
    bench.backend.addSecret(
        {.name = "github", .created = {}, .lasts = "reboot", .known = true, .uses = {}});
    bench.open();
    bench.find<QTabBar>("side.tabs")->setCurrentIndex(2);
    bench.settle();
    auto* table = bench.find<QTableView>("secrets.table");
    QTRY_VERIFY(table->model()->rowCount() > 0);
    table->setCurrentIndex(table->model()->index(0, 0)); // with its detail
    bench.click("secrets.addSecret");
    auto* value = bench.find<QLineEdit>("secrets.value");
    value->setFocus();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(QApplication::focusWidget(), value);
    QCOMPARE(value->visibleRegion().boundingRect(), value->rect());
    // Nor does Tab lead out of sight, forward or back.
    const QWidget* cancel = bench.find("secrets.cancel");
    bench.press(Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), cancel);
    QCOMPARE(cancel->visibleRegion().boundingRect(), cancel->rect());
    const QWidget* add = bench.find("secrets.addSecret");
    for (int times = 0; times < 10 && QApplication::focusWidget() != add; ++times)
        bench.press(Qt::SHIFT | Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), add);
    QCOMPARE(add->visibleRegion().boundingRect(), add->rect());
}

void TestWindowPromptPanel::theNextOneKeepsNoChoice()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.click("prompt.more");
    auto* duration = bench.find<QComboBox>("prompt.duration");
    duration->setCurrentIndex(duration->findData(QStringLiteral("always")));
    bench.click("prompt.deny");
    QCOMPARE(bench.backend.answers[0].duration, "always");
    QVERIFY(bench.isShown("prompt.panel")); // who had it open wants it open
    QCOMPARE(duration->currentData().toString(), QStringLiteral("once"));
}

void TestWindowPromptPanel::aFloodIsDeniedAtOnce()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(!bench.isShown("prompt.denyAll"));
    for (int number = 0; number < 30; ++number)
        bench.ask(samplePrompt("host-" + std::to_string(number) + ".example.com"));
    QVERIFY(bench.isShown("prompt.denyAll"));
    QCOMPARE(bench.find<QPushButton>("prompt.denyAll")->text(), QStringLiteral("Deny all 31"));
    bench.click("prompt.denyAll");
    QCOMPARE(bench.backend.answers.size(), 31);
    for (const api::AnswerPrompt& answer : bench.backend.answers) {
        QCOMPARE(answer.verdict, "deny");
        QCOMPARE(answer.duration, "once");
    }
    QTRY_VERIFY(!bench.isShown("prompt"));
}

void TestWindowPromptPanel::theTerminalIsAJumpAway()
{
    PromptBench bench;
    const QString second = bench.backend.addTerminal(bench.id, "$ ");
    bench.open();
    QCOMPARE(bench.terminalTabs()->currentIndex(), 0);
    api::Prompt prompt = samplePrompt();
    prompt.terminal = second.toStdString();
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(bench.find<QLabel>("prompt.terminal")->text(),
             QStringLiteral("the terminal “bash 2”"));
    bench.click("prompt.jump");
    QCOMPARE(bench.terminalTabs()->currentIndex(), 1);
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
}

/// "bash › %1" read "bash › 978, process %2": the file's name was filled in by the number.
void TestWindowPromptPanel::aNameIsTakenForNothingElse()
{
    PromptBench bench;
    const QString second = bench.backend.addTerminal(bench.id, "$ ");
    bench.backend.at(bench.id).terminals.at(second).terminal.title = "sh”, a › %2";
    bench.open();
    api::Prompt prompt = samplePrompt();
    prompt.process.exe = "/tmp/%1 %2";
    prompt.process.parents.resize(1);
    prompt.terminal = second.toStdString();
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(bench.find<QLabel>("prompt.program")->text(),
             QStringLiteral("node › “%1 %2”, process 4312"));
    QCOMPARE(bench.find<QLabel>("prompt.terminal")->text(),
             QStringLiteral("the terminal “sh�, a � %2”"));
}

/// Alt+T was of two buttons, and pressed neither.
void TestWindowPromptPanel::aKeyIsOfOneButton()
{
    PromptBench bench;
    bench.open();
    api::EgressEntry entry = test::sampleEntry("allow", "GET", "registry.npmjs.org", "/a", 200);
    entry.terminal = bench.terminal.toStdString();
    bench.backend.logEntry(bench.id, entry);
    api::Prompt prompt = samplePrompt();
    prompt.terminal = bench.terminal.toStdString();
    bench.ask(prompt);
    bench.waitForGuard();
    auto* requests = bench.find<QAbstractItemView>("requests.table");
    QVERIFY(requests);
    QTRY_VERIFY(requests->model()->rowCount() > 0);
    requests->setCurrentIndex(requests->model()->index(0, 0));
    bench.click("prompt.more");
    QTRY_VERIFY(bench.isShown("request.jump"));
    QVERIFY(bench.isShown("prompt.jump"));
    QMap<QString, QString> known;
    for (const QAbstractButton* button : bench.window().findChildren<QAbstractButton*>()) {
        const QString keys = button->shortcut().toString();
        if (keys.isEmpty() || !button->isVisible())
            continue;
        QVERIFY2(!known.contains(keys),
                 qPrintable(keys + ": " + known.value(keys) + ", " + button->objectName()));
        known.insert(keys, button->objectName());
    }
    QVERIFY(known.size() >= 2);
}

QTEST_MAIN(TestWindowPromptPanel)
#include "test_window_prompt_panel.moc"
