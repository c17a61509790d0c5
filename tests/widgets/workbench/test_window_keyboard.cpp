// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"
#include "widgets/common/keyboard_focus.h"
#include "widgets/workbench/keyboard_dialog.h"

#include <QAction>
#include <QLabel>
#include <QTabBar>
#include <QToolButton>
#include <QTreeView>

using namespace caisson;
using test::Bench;

/// Where the keyboard is, and that everything is in its reach.
class TestWindowKeyboard : public QObject
{
    Q_OBJECT

private slots:
    void aClickedTabHasTheKeyboard();
    void tabFollowsTheEye();
    void theNeighbourFollowsAClosedTab();
    void aPageThatCannotBeOpenedHasItsButtonInReach();
    void aTerminalThatGoesTakesNoKeyElsewhere();
    void dialogsShowTheRingAtOnce();
    void theSheetTellsTheKeysOfTheRules();
    void noButtonIsDeadInAStoppedSandbox();
    void aRemovedSandboxTakesNoKeyToTheNext();
    void anEndedTerminalIsRestarted();
    void everyShortcutIsUniqueAndListed();
};

void TestWindowKeyboard::aClickedTabHasTheKeyboard()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    const auto click = [](QTabBar* tabs) {
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(0).center());
        Bench::settle();
    };
    click(bench.terminalTabs());
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
    click(bench.editorTabs());
    QVERIFY(bench.editor()->hasFocus());
}

/// The tree came after the terminals, the strip at the bottom before them, its cross before its
/// action, and backwards it was not met at all.
void TestWindowKeyboard::tabFollowsTheEye()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editor()->insertPlainText(QStringLiteral("x"));
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NotFound);
    bench.press(Qt::CTRL | Qt::Key_S);
    QTRY_VERIFY(bench.isShown("errorStrip"));

    QStringList names;
    for (const QWidget* widget : focusOrder(bench.window()))
        names += widget->objectName();
    QCOMPARE(
        names,
        (QStringList{
            "bar.switcher",      "bar.policy",        "bar.menu",        "sandboxes.new",
            "sandboxes.list",    "files.newFile",     "files.newFolder", "files.hidden",
            "files.tree",        "editors.tabs",      "editor.text",     "terminals.tabs",
            "terminals.new",     "terminal.display",  "side.tabs",       "side.hide",
            "requests.filter",   "requests.verdict",  "requests.har",    "requests.empty.action",
            "errorStrip.action", "errorStrip.dismiss"}));

    bench.find("files.hidden")->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), bench.tree());
    bench.press(Qt::SHIFT | Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), bench.find("files.hidden"));
    bench.find("bar.switcher")->setFocus(Qt::TabFocusReason);
    bench.press(Qt::SHIFT | Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), bench.find("errorStrip.dismiss"));
    bench.press(Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), bench.find("bar.switcher"));
}

/// The first of all tabs was shown, whichever was closed.
void TestWindowKeyboard::theNeighbourFollowsAClosedTab()
{
    Bench bench;
    for (const char* name : {"a", "b", "c"})
        bench.backend.putFile(bench.id, QByteArray("/workspace/") + name, "");
    bench.open();
    for (const char* name : {"a", "b", "c", "notes.txt"})
        bench.openFile(QString::fromLatin1(name));
    bench.press(Qt::CTRL | Qt::Key_W);
    const QTabBar* tabs = bench.editorTabs();
    QCOMPARE(tabs->tabText(tabs->currentIndex()), QStringLiteral("c"));
    bench.openFile(QStringLiteral("a"));
    bench.press(Qt::CTRL | Qt::Key_W);
    QCOMPARE(tabs->tabText(tabs->currentIndex()), QStringLiteral("b"));
}

void TestWindowKeyboard::aPageThatCannotBeOpenedHasItsButtonInReach()
{
    Bench bench;
    bench.open();
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::PermissionDenied);
    bench.select(QStringLiteral("notes.txt"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("editor.failure"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_2);
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_3);
    QCOMPARE(QApplication::focusWidget(), bench.find("editor.failure.action"));
}

/// The focus went to the window's menu, and Return opened it.
void TestWindowKeyboard::aTerminalThatGoesTakesNoKeyElsewhere()
{
    Bench bench;
    bench.open();
    bench.view()->setFocus();
    bench.backend.setState(bench.id, api::SandboxState::Stopped);
    bench.settle();
    QVERIFY(bench.isShown("terminals.stopped"));
    QCOMPARE(QApplication::focusWidget(), bench.find("terminals.stopped"));
}

/// Which button Enter presses was not to be seen before a Tab.
void TestWindowKeyboard::dialogsShowTheRingAtOnce()
{
    Bench bench;
    bench.open();
    for (const auto& [keys, name] :
         {std::pair(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N), "newSandbox"),
          std::pair(QKeySequence(Qt::Key_F1), "keyboard")}) {
        for (QAction* action : bench.window().findChildren<QAction*>()) {
            if (action->shortcut() == keys)
                action->trigger();
        }
        bench.settle();
        auto* dialog = bench.find(name);
        QVERIFY(dialog);
        QVERIFY(dialog->testAttribute(Qt::WA_KeyboardFocusChange));
        QTest::keyClick(dialog, Qt::Key_Escape);
        bench.window().activateWindow(); // off screen no window manager does it
        QVERIFY(QTest::qWaitForWindowActive(&bench.window()));
    }
    DialogPrompter prompter;
    prompter.confirm(&bench.window(),
                     {.title = QStringLiteral("Delete it?"), .text = {}, .action = {}}, [] {});
    auto* question = bench.find("confirm");
    QVERIFY(question);
    QVERIFY(question->testAttribute(Qt::WA_KeyboardFocusChange));
    QCOMPARE(question->focusWidget()->objectName(), QStringLiteral("confirm.cancel"));
}

void TestWindowKeyboard::theSheetTellsTheKeysOfTheRules()
{
    Bench bench;
    bench.open();
    bench.action("showKeyboard")->trigger();
    bench.settle();
    const QWidget* group = bench.find("keyboard.group.rules");
    QVERIFY(group);
    QStringList told;
    for (const QLabel* label : group->findChildren<QLabel*>())
        told += label->text();
    for (const char* name : {"ruleUp", "ruleDown", "removeRule", "undoRule", "redoRule"}) {
        const QString keys = bench.action(name)->shortcut().toString(QKeySequence::NativeText);
        QVERIFY2(!keys.isEmpty() && told.contains(keys), name);
    }
    QVERIFY(told.contains(QKeySequence(Qt::Key_Space).toString(QKeySequence::NativeText)));
}

/// "New file" took the focus and did nothing.
void TestWindowKeyboard::noButtonIsDeadInAStoppedSandbox()
{
    Bench bench;
    bench.open();
    QVERIFY(bench.isShown("editors.empty.action"));
    bench.backend.setState(bench.id, api::SandboxState::Stopped);
    bench.settle();
    QVERIFY(bench.isShown("editors.empty"));
    QVERIFY(!bench.isShown("editors.empty.action"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_3);
    QCOMPARE(QApplication::focusWidget(), bench.find("terminals.stopped.action"));
}

/// Space, in the middle of a sentence, pressed "New file" there.
void TestWindowKeyboard::aRemovedSandboxTakesNoKeyToTheNext()
{
    Bench bench;
    bench.open();
    bench.backend.setState(bench.backend.addSandbox(QStringLiteral("other")),
                           api::SandboxState::Running);
    bench.settle();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.removeSandbox(bench.id);
    bench.settle();
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("other"));
    QVERIFY(!qobject_cast<QAbstractButton*>(QApplication::focusWidget()));
    // One that is not shown takes nothing from who types here.
    const QString third = bench.backend.addSandbox(QStringLiteral("third"));
    bench.backend.setState(third, api::SandboxState::Running);
    bench.settle();
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    QCOMPARE(QApplication::focusWidget(), bench.find("terminals.empty.action"));
    bench.backend.removeSandbox(third);
    bench.settle();
    QCOMPARE(QApplication::focusWidget(), bench.find("terminals.empty.action"));
}

void TestWindowKeyboard::anEndedTerminalIsRestarted()
{
    Bench bench;
    bench.open();
    bench.backend.endTerminal(bench.id, bench.terminal, {.code = 2});
    QTRY_VERIFY(bench.isShown("terminal.ended"));
    QCOMPARE(bench.find<QLabel>("terminal.ended.what")->text(),
             QStringLiteral("Ended with exit code 2."));
    bench.view()->setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_A); // to nobody
    QVERIFY(bench.backend.terminalOf(bench.id, bench.terminal).typed.isEmpty());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_R, Qt::AltModifier);
    QTRY_COMPARE(bench.tabsOf(bench.terminalTabs()), QStringList{QStringLiteral("bash")});
    bench.settle();
    QVERIFY(!bench.isShown("terminal.ended"));
    QVERIFY(!bench.backend.at(bench.id).terminals.contains(bench.terminal));
    QCOMPARE(bench.backend.at(bench.id).terminals.size(), 1);
}

void TestWindowKeyboard::everyShortcutIsUniqueAndListed()
{
    Bench bench;
    bench.open();
    QHash<QString, QString> owners;
    for (const QAction* action : bench.window().findChildren<QAction*>()) {
        if (action->shortcutContext() != Qt::WindowShortcut || action->objectName().isEmpty())
            continue;
        for (const QKeySequence& keys : action->shortcuts()) {
            const QString text = keys.toString();
            QVERIFY2(!owners.contains(text), qPrintable(text + QLatin1Char(' ') + action->text()));
            owners.insert(text, action->text());
        }
    }
    bench.action("showKeyboard")->trigger();
    auto* dialog = bench.window().findChild<KeyboardDialog*>();
    QVERIFY(dialog);
    QStringList listed;
    for (const QLabel* label : dialog->findChildren<QLabel*>()) {
        // Long words were cut off at the dialog's edge.
        QVERIFY2(label->width() >= label->minimumSizeHint().width(), qPrintable(label->text()));
        if (label->objectName().endsWith(QStringLiteral(".keys")))
            listed += label->text().split(QStringLiteral(" or "));
    }
    for (const QString& keys : owners.keys())
        QCOMPARE(listed.count(keys), 1);
    for (const char* keys : {"Ctrl+S", "Ctrl+F", "F3", "Alt+PgDown", "Ctrl+Shift+C"})
        QCOMPARE(listed.count(QLatin1String(keys)), 1);
    dialog->close();
}

QTEST_MAIN(TestWindowKeyboard)
#include "test_window_keyboard.moc"
