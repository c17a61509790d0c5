// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <QToolTip>

#include "widgets/common/activity_line.h"
#include "widgets/common/elided_label.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/error_strip.h"
#include "widgets/common/file_icons.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/pane.h"
#include "widgets/common/prompter.h"
#include "widgets/common/relative_time.h"
#include "widgets/common/tab_bar.h"
#include "widgets/common/theme.h"
#include "widgets/common/tool_tip.h"

using namespace caisson;

namespace {

class PaintCounter : public QObject
{
public:
    bool eventFilter(QObject*, QEvent* event) override
    {
        count += event->type() == QEvent::Paint ? 1 : 0;
        return false;
    }
    int count = 0;
};

} // namespace

class TestCommon : public QObject
{
    Q_OBJECT

private slots:
    void tellsTime_data();
    void tellsTime();
    void knowsFiles_data();
    void knowsFiles();
    void elidesAndTellsTheRest();
    void aTipIsReadWhole();
    void emptyStateOffersOneAction();
    void theNewestErrorComesFirst();
    void errorOfATopicReplacesAndIsWithdrawn();
    void anErrorThatGoesOnKeepsItsPlace();
    void errorActionRunsOnce();
    void stripIsClosedByKeyboard();
    void paneToolsAreNamed();
    void tabsCloseByMiddleClick();
    void confirmAnswersLater();
    void confirmKeepsByDefault();
    void aChoiceIsMadeByKeyboard();
    void returnPressesTheButtonThatHasTheFocus();
    void answerDiesWithTheAsker();
    void scriptedPrompterAnswers();
    void activityCostsNothingHidden();
};

void TestCommon::tellsTime_data()
{
    QTest::addColumn<qint64>("secondsAgo");
    QTest::addColumn<QString>("age");
    const auto row = [](qint64 seconds, const char* age) {
        QTest::addRow("%lld s", static_cast<long long>(seconds))
            << seconds << QString::fromLatin1(age);
    };
    row(-30, "now");
    row(0, "now");
    row(59, "now");
    row(60, "1 min");
    row(3599, "59 min");
    row(3600, "1 h");
    row(5 * 3600, "5 h");
    row(26 * 3600, "1 d");
    row(3 * 86400, "3 d");
    row(30 * 86400, "13 May");
    row(400 * 86400, "9 May 2023");
    row(-7200, "12 Jun");
}

void TestCommon::tellsTime()
{
    QFETCH(qint64, secondsAgo);
    QFETCH(QString, age);
    QLocale::setDefault(QLocale::c());
    const QDateTime now(QDate(2024, 6, 12), QTime(15, 0));
    QCOMPARE(shortAge(now.addSecs(-secondsAgo), now), age);
    QCOMPARE(shortAge(QDateTime(), now), QString()); // it never was
}

void TestCommon::knowsFiles_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("expected");
    const auto row = [](const char* name, Icon expected) {
        QTest::newRow(name) << QString::fromLatin1(name) << int(expected);
    };
    row("main.py", Icon::FilePython);
    row("Server.TS", Icon::FileCode);
    row("server.js", Icon::FileJs);
    row("a.tar.gz", Icon::FileArchive);
    row("Makefile", Icon::FileCode);
    row("CMakeLists.txt", Icon::FileCode);
    row("notes.txt", Icon::FileText);
    row(".gitignore", Icon::FileConfig);
    row("unknown", Icon::File);
    row("unknown.xyz", Icon::File);
    row("", Icon::File);
}

void TestCommon::knowsFiles()
{
    QFETCH(QString, name);
    QFETCH(int, expected);
    QCOMPARE(int(fileIcon(name)), expected);
}

void TestCommon::elidesAndTellsTheRest()
{
    ElidedLabel label(QStringLiteral("/workspace/a/long/path/to/a/file.cpp"), Qt::ElideMiddle);
    label.resize(label.sizeHint());
    QVERIFY(!label.isElided());
    QVERIFY(label.toolTip().isEmpty());
    label.resize(60, 20);
    QApplication::sendPostedEvents();
    label.show();
    QVERIFY(label.isElided());
    QCOMPARE(label.toolTip(), label.text());
}

/// A URL of 400 characters was one line across the screen, and cut off at its end.
void TestCommon::aTipIsReadWhole()
{
    const QString url = QStringLiteral("https://a.example/") + QString(400, QLatin1Char('x'));
    const QString tip = foldedTip(url + QStringLiteral("\n\nRule r1 allows everything."));
    const QStringList lines = tip.split(QLatin1Char('\n'));
    QVERIFY(lines.size() > 4);
    for (const QString& line : lines)
        QVERIFY(QFontMetrics(QToolTip::font()).horizontalAdvance(line) <= 402);
    QCOMPARE(lines.first(lines.size() - 2).join(QString()), url);
    QCOMPARE(lines.last(), QStringLiteral("Rule r1 allows everything."));
    QCOMPARE(lines.at(lines.size() - 2), QString());
    QCOMPARE(foldedTip(QStringLiteral("a b")), QStringLiteral("a b"));
}

void TestCommon::emptyStateOffersOneAction()
{
    EmptyState state(QStringLiteral("empty"), Icon::Sandbox, QStringLiteral("Nothing yet."),
                     QStringLiteral("New"));
    QSignalSpy activated(&state, &EmptyState::activated);
    state.show();
    QTest::mouseClick(state.findChild<QPushButton*>(QStringLiteral("empty.action")),
                      Qt::LeftButton);
    QCOMPARE(activated.size(), 1);
    QCOMPARE(state.accessibleName(), QStringLiteral("Nothing yet."));
    state.setAction({});
    QVERIFY(state.button()->isHidden());
}

void TestCommon::theNewestErrorComesFirst()
{
    ErrorStrip errors;
    QVERIFY(errors.isHidden());
    errors.report({.what = QStringLiteral("First."),
                   .why = QStringLiteral("Why."),
                   .remedy = QStringLiteral("Do."),
                   .action = {},
                   .act = {},
                   .dismissed = {},
                   .about = {},
                   .topic = {}});
    errors.report({.what = QStringLiteral("“%2”."),
                   .why = {},
                   .remedy = {},
                   .action = {},
                   .act = {},
                   .dismissed = {},
                   .about = {},
                   .topic = {}});
    QVERIFY(!errors.isHidden());
    auto* strip = errors.findChild<NoticeStrip*>(QStringLiteral("errorStrip"));
    QCOMPARE(strip->what(), QStringLiteral("“%2”. (1 of 2)"));
    QTest::mouseClick(strip->findChild<QToolButton*>(QStringLiteral("errorStrip.dismiss")),
                      Qt::LeftButton);
    QCOMPARE(strip->what(), QStringLiteral("First."));
    QCOMPARE(strip->detail(), QStringLiteral("Why. Do."));
    QVERIFY(!strip->isHidden());
    QTest::mouseClick(strip->findChild<QToolButton*>(QStringLiteral("errorStrip.dismiss")),
                      Qt::LeftButton);
    QVERIFY(errors.isHidden());
    QCOMPARE(errors.count(), 0);
}

void TestCommon::errorOfATopicReplacesAndIsWithdrawn()
{
    ErrorStrip errors;
    const QString topic = QStringLiteral("link");
    errors.report({.what = QStringLiteral("Lost."),
                   .why = {},
                   .remedy = {},
                   .action = {},
                   .act = {},
                   .dismissed = {},
                   .about = {},
                   .topic = topic});
    errors.report({.what = QStringLiteral("Still lost."),
                   .why = {},
                   .remedy = {},
                   .action = {},
                   .act = {},
                   .dismissed = {},
                   .about = {},
                   .topic = topic});
    QCOMPARE(errors.count(), 1);
    QCOMPARE(errors.findChild<NoticeStrip*>()->what(), QStringLiteral("Still lost."));
    errors.withdraw({}, topic);
    QCOMPARE(errors.count(), 0);
    QVERIFY(errors.isHidden());
}

/// The lost connection was reported at each retry, in front of what had just failed.
void TestCommon::anErrorThatGoesOnKeepsItsPlace()
{
    ErrorStrip errors;
    ErrorReport link{.what = QStringLiteral("Lost."), .topic = QStringLiteral("link")};
    errors.report(link);
    errors.report({.what = QStringLiteral("Not saved.")});
    link.what = QStringLiteral("Still lost.");
    errors.update(link);
    const auto* strip = errors.findChild<NoticeStrip*>();
    QCOMPARE(strip->what(), QStringLiteral("Not saved. (1 of 2)"));
    auto* dismiss = errors.findChild<QToolButton*>(QStringLiteral("errorStrip.dismiss"));
    dismiss->click();
    QCOMPARE(strip->what(), QStringLiteral("Still lost."));
    dismiss->click();
    errors.update(link);
    QVERIFY(errors.isHidden());
}

void TestCommon::errorActionRunsOnce()
{
    ErrorStrip errors;
    int runs = 0;
    errors.report({.what = QStringLiteral("Failed."),
                   .why = {},
                   .remedy = {},
                   .action = QStringLiteral("Again"),
                   .act = [&runs] { ++runs; },
                   .dismissed = {},
                   .about = {},
                   .topic = {}});
    auto* button = errors.findChild<QPushButton*>(QStringLiteral("errorStrip.action"));
    QCOMPARE(button->text(), QStringLiteral("Again"));
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(runs, 1);
    QCOMPARE(errors.count(), 0);
}

void TestCommon::stripIsClosedByKeyboard()
{
    NoticeStrip strip(QStringLiteral("strip"), NoticeStrip::Tone::Note);
    QPushButton* button = strip.addButton(QStringLiteral("go"), QStringLiteral("Go"));
    strip.setDismissible(true);
    QSignalSpy dismissed(&strip, &NoticeStrip::dismissed);
    strip.show();
    QTest::keyClick(button, Qt::Key_Escape);
    QCOMPARE(dismissed.size(), 1);
    QVERIFY(strip.isHidden());
}

void TestCommon::paneToolsAreNamed()
{
    Pane pane(QStringLiteral("files"), QStringLiteral("Files"));
    auto* action = new QAction(QStringLiteral("&New file"), &pane);
    action->setObjectName(QStringLiteral("new"));
    action->setShortcut(QKeySequence(Qt::Key_F2));
    QToolButton* tool = pane.addTool(action);
    QCOMPARE(tool->objectName(), QStringLiteral("files.new"));
    QCOMPARE(tool->accessibleName(), QStringLiteral("New file"));
    QCOMPARE(tool->toolTip(), QStringLiteral("New file  F2"));
    action->setText(QStringLiteral("Other"));
    QCOMPARE(tool->accessibleName(), QStringLiteral("Other"));
    action->setText(QStringLiteral("&Undo: ") + escapeMnemonics(QStringLiteral("a&b, &&c&")));
    QCOMPARE(tool->accessibleName(), QStringLiteral("Undo: a&b, &&c&"));
    QCOMPARE(QKeySequence::mnemonic(action->text()), QKeySequence(Qt::ALT | Qt::Key_U));

    auto* first = new QWidget;
    auto* second = new QWidget;
    pane.addPage(first);
    pane.addPage(second);
    QCOMPARE(pane.currentPage(), first);
    pane.showPage(second);
    QCOMPARE(pane.currentPage(), second);
}

void TestCommon::tabsCloseByMiddleClick()
{
    TabBar bar(QStringLiteral("tabs"));
    bar.addTab(QStringLiteral("one"));
    bar.addTab(QStringLiteral("two"));
    bar.resize(bar.sizeHint());
    bar.show();
    QSignalSpy close(&bar, &QTabBar::tabCloseRequested);
    QTest::mouseClick(&bar, Qt::MiddleButton, {}, bar.tabRect(1).center());
    QCOMPARE(close.size(), 1);
    QCOMPARE(close.first().first().toInt(), 1);
    QCOMPARE(bar.tabRect(0).height(), 32);
    QVERIFY(bar.tabButton(0, QTabBar::RightSide));
    QVERIFY(!bar.tabButton(0, QTabBar::RightSide)->accessibleName().isEmpty());
    // Only the current tab has room for the button that only it shows.
    bar.setTabText(0, QStringLiteral("some-module.py"));
    bar.setTabText(1, QStringLiteral("some-module.py"));
    bar.setCurrentIndex(1);
    QVERIFY(bar.tabRect(0).width() < bar.tabRect(1).width());
    bar.setCurrentIndex(0);
    QVERIFY(bar.tabRect(0).width() > bar.tabRect(1).width());
}

void TestCommon::confirmAnswersLater()
{
    QWidget asker;
    asker.show();
    DialogPrompter prompter;
    int confirmed = 0;
    const Confirmation question{QStringLiteral("Remove?"), QStringLiteral("All is lost."),
                                QStringLiteral("Remove")};
    prompter.confirm(&asker, question, [&confirmed] { ++confirmed; });
    QCOMPARE(confirmed, 0); // no nested event loop: the call is back already
    auto* dialog = asker.findChild<QDialog*>(QStringLiteral("confirm"));
    QVERIFY(dialog && dialog->isVisible());
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("confirm.accept")),
                      Qt::LeftButton);
    QCOMPARE(confirmed, 1);
}

void TestCommon::confirmKeepsByDefault()
{
    QWidget asker;
    asker.show();
    DialogPrompter prompter;
    int confirmed = 0;
    prompter.confirm(&asker,
                     {QStringLiteral("Remove?"), QStringLiteral("x"), QStringLiteral("Remove")},
                     [&confirmed] { ++confirmed; });
    auto* dialog = asker.findChild<QDialog*>(QStringLiteral("confirm"));
    QTest::keyClick(dialog, Qt::Key_Return);
    QVERIFY(!dialog->isVisible());
    QCOMPARE(confirmed, 0);
}

void TestCommon::aChoiceIsMadeByKeyboard()
{
    QWidget asker;
    asker.show();
    DialogPrompter prompter;
    QStringList answers;
    const auto press = [&](Qt::Key key, Qt::KeyboardModifiers modifiers) {
        prompter.choose(
            &asker,
            {QStringLiteral("Save?"), QStringLiteral("x"), QStringLiteral("&Save"),
             QStringLiteral("&Discard")},
            [&] { answers += QStringLiteral("save"); },
            [&] { answers += QStringLiteral("discard"); });
        auto* dialog = asker.findChild<QDialog*>(QStringLiteral("choose"));
        QVERIFY(QTest::qWaitForWindowActive(dialog));
        QTest::keyClick(dialog->focusWidget(), key, modifiers);
        QTRY_VERIFY(!dialog->isVisible()); // a button pressed by its letter is seen to go down
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    };
    press(Qt::Key_Return, Qt::NoModifier);
    press(Qt::Key_D, Qt::AltModifier);
    press(Qt::Key_S, Qt::AltModifier);
    press(Qt::Key_Escape, Qt::NoModifier);
    QCOMPARE(answers, QStringList({QStringLiteral("save"), QStringLiteral("discard"),
                                   QStringLiteral("save")}));
}

void TestCommon::answerDiesWithTheAsker()
{
    DialogPrompter prompter;
    int confirmed = 0;
    {
        QWidget asker;
        asker.show();
        prompter.confirm(&asker, {QStringLiteral("?"), QStringLiteral("x"), QStringLiteral("Y")},
                         [&confirmed] { ++confirmed; });
    }
    QCoreApplication::processEvents();
    QCOMPARE(confirmed, 0);
}

/// "Discard" had the ring, and Return saved.
void TestCommon::returnPressesTheButtonThatHasTheFocus()
{
    QWidget asker;
    asker.show();
    DialogPrompter prompter;
    QString answer;
    const auto press = [&](const char* name) {
        auto* button = asker.findChild<QPushButton*>(QString::fromLatin1(name));
        QVERIFY(QTest::qWaitForWindowActive(button->window()));
        button->setFocus(Qt::TabFocusReason);
        QTest::keyClick(button, Qt::Key_Return);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    };
    prompter.choose(
        &asker, {.primary = QStringLiteral("Save"), .other = QStringLiteral("Discard")},
        [&] { answer = QStringLiteral("saved"); }, [&] { answer = QStringLiteral("discarded"); });
    press("choose.other");
    QCOMPARE(answer, QStringLiteral("discarded"));
    prompter.confirm(&asker, {.action = QStringLiteral("Delete")},
                     [&] { answer = QStringLiteral("deleted"); });
    press("confirm.accept");
    QCOMPARE(answer, QStringLiteral("deleted"));
}

void TestCommon::scriptedPrompterAnswers()
{
    QWidget asker;
    ScriptedPrompter prompter;
    prompter.willConfirm(true);
    prompter.willChoose(ScriptedPrompter::Answer::Other);
    prompter.willChooseFolder(QStringLiteral("/srv"));
    QStringList answers;
    prompter.confirm(&asker, {QStringLiteral("T"), QStringLiteral("x"), QStringLiteral("A")},
                     [&answers] { answers.append(QStringLiteral("yes")); });
    prompter.choose(
        &asker, {QStringLiteral("N"), {}, {}, {}},
        [&answers] { answers.append(QStringLiteral("primary")); },
        [&answers] { answers.append(QStringLiteral("other")); });
    prompter.chooseFolder(&asker, {QStringLiteral("F"), {}},
                          [&answers](const QString& path) { answers.append(path); });
    QVERIFY(answers.isEmpty());
    QCoreApplication::processEvents();
    QCOMPARE(answers,
             (QStringList{QStringLiteral("yes"), QStringLiteral("other"), QStringLiteral("/srv")}));
    prompter.confirm(&asker, {QStringLiteral("T"), QStringLiteral("x"), QStringLiteral("A")},
                     [&answers] { answers.append(QStringLiteral("unasked")); });
    QCoreApplication::processEvents();
    QCOMPARE(answers.size(), 3); // nothing scripted: declined
    QCOMPARE(prompter.asked().size(), 4);
    QCOMPARE(prompter.asked().first(), QStringLiteral("T | x | A"));
}

void TestCommon::activityCostsNothingHidden()
{
    QWidget window;
    ActivityLine line(&window);
    line.hide();
    window.show();
    PaintCounter paints;
    line.installEventFilter(&paints);
    QTest::qWait(100);
    QCOMPARE(paints.count, 0);
    line.show();
    QTRY_VERIFY(paints.count >= 3); // it moves
    line.setFraction(0.5);
    QTest::qWait(50);
    const int settled = paints.count;
    QTest::qWait(100);
    QCOMPARE(paints.count, settled); // how far is known: nothing moves
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    Theme theme(application);
    TestCommon test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_common.moc"
