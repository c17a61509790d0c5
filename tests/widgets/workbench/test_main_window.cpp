// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/model_text.h"
#include "tests/widgets/workbench/window_fixture.h"
#include "widgets/sandboxes/new_sandbox_dialog.h"
#include "widgets/sandboxes/state_label.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/keyboard_dialog.h"

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSplitter>
#include <QTabBar>
#include <QToolButton>
#include <QTreeView>

using namespace caisson;
using test::modelText;
using test::WindowFixture;

namespace {

/// A window on one running sandbox with a few files and a terminal.
struct Bench : WindowFixture
{
    Bench()
    {
        id = backend.addSandbox(QStringLiteral("bench"));
        backend.putFolder(id, "/workspace/src");
        backend.putFile(id, "/workspace/src/main.py", "print('hello')\n");
        backend.putFile(id, "/workspace/notes.txt", "one\ntwo\n");
        terminal = backend.addTerminal(id, "$ make\r\nall is built\r\n$ ");
    }

    QTreeView* tree() const { return find<QTreeView>("files.tree"); }
    QTabBar* editorTabs() const { return find<QTabBar>("editors.tabs"); }
    QTabBar* terminalTabs() const { return find<QTabBar>("terminals.tabs"); }
    QPlainTextEdit* editor() const { return find<QPlainTextEdit>("editor.text"); }
    TerminalView* view() const { return find<TerminalView>("terminal"); }
    QString files() const { return modelText(*tree()->model()); }

    void select(const QString& name) const
    {
        const QModelIndexList found =
            tree()->model()->match(tree()->model()->index(0, 0), Qt::DisplayRole, name, 1,
                                   Qt::MatchExactly | Qt::MatchRecursive);
        QVERIFY2(!found.isEmpty(), qPrintable(name));
        tree()->setCurrentIndex(found.first());
        tree()->setFocus();
    }
    void openFile(const QString& name) const
    {
        select(name);
        press(Qt::Key_Return);
        QTRY_VERIFY(editor() != nullptr);
    }
    QStringList tabsOf(const QTabBar* tabs) const
    {
        QStringList texts;
        for (int index = 0; tabs && index < tabs->count(); ++index)
            texts += tabs->tabText(index);
        return texts;
    }
    QString errorText() const
    {
        const auto* label = find<QLabel>("errorStrip.what");
        return label ? label->text() : QString();
    }
    QAction* action(const char* name) const
    {
        return window().findChild<QAction*>(QString::fromLatin1(name));
    }

    QString id;
    QString terminal;
};

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT

private slots:
    void theFirstRunHasOneWayIn();
    void aSandboxIsCreatedWithATerminal();
    void aFailedCreationKeepsWhatWasTyped();
    void aFolderIsCopiedIn();
    void theTreeFollowsTheSandbox();
    void aFileIsOpenedEditedAndSaved();
    void whatChangedOnDiskIsAskedAbout();
    void aSaveOverAForeignChangeIsRefused();
    void closingUnsavedTextIsAsked();
    void filesAreMadeRenamedAndDeleted();
    void aTerminalShowsItsJournalAndTakesKeys();
    void anEndedTerminalIsRestarted();
    void aClosedTerminalCanBeHadBack();
    void aStoppedSandboxOffersToStart();
    void sandboxesAreRenamedAndRemovedByKeyboard();
    void everythingIsBackAfterARestart();
    void unsavedTextIsBackAfterARestart();
    void unsavedTextOutlivesItsFileAndItsSandbox();
    void aLostServiceIsSaidAndRetried();
    void aServiceThatWasNeverThereIsSaidInThePage();
    void failuresAreSaidInPlace();
    void aFailedCreationSaysItsOwnReason();
    void failuresOfferWhatHelps();
    void everyShortcutIsUniqueAndListed();
    void everythingHasANameForWhoCannotSee();
};

void TestMainWindow::theFirstRunHasOneWayIn()
{
    WindowFixture fixture;
    fixture.open();
    QVERIFY(fixture.isShown("firstRun.new"));
    QVERIFY(!fixture.isShown("sandboxes.list"));
    fixture.press(Qt::Key_Space); // it has the focus
    QVERIFY(fixture.isShown("newSandbox"));
}

void TestMainWindow::aSandboxIsCreatedWithATerminal()
{
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    QTest::keyClicks(fixture.find("newSandbox.name"), QStringLiteral("Bad"));
    QVERIFY(!fixture.find("newSandbox.create")->isEnabled());
    QVERIFY(fixture.isShown("newSandbox.nameProblem"));
    fixture.find<QLineEdit>("newSandbox.name")->clear();
    QTest::keyClicks(fixture.find("newSandbox.name"), QStringLiteral("orders"));
    fixture.click("newSandbox.create");
    QVERIFY(!fixture.isShown("newSandbox"));
    QCOMPARE(modelText(*fixture.find<QListView>("sandboxes.list")->model()),
             QStringLiteral("orders\n"));
    QVERIFY(fixture.isShown("terminal"));
    QVERIFY(fixture.backend.calls().contains(QStringLiteral("createTerminal orders")));
}

void TestMainWindow::aFailedCreationKeepsWhatWasTyped()
{
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    fixture.find<QLineEdit>("newSandbox.name")->setText(QStringLiteral("orders"));
    fixture.backend.failNext(QStringLiteral("createSandbox"), ErrorCode::Exists,
                             QStringLiteral("there is a sandbox of that name"));
    fixture.click("newSandbox.create");
    QCOMPARE(fixture.find<QLabel>("newSandbox.error")->text(),
             QStringLiteral("The sandbox was not created. There is a sandbox of that name."));
    QCOMPARE(fixture.find<QLineEdit>("newSandbox.name")->text(), QStringLiteral("orders"));
    fixture.click("newSandbox.create");
    QVERIFY(!fixture.isShown("newSandbox"));
}

void TestMainWindow::aFolderIsCopiedIn()
{
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    fixture.prompter.willChooseFolder(QStringLiteral("/home/ada/Orders API"));
    fixture.find<QRadioButton>("newSandbox.copy")->setChecked(true);
    fixture.settle();
    QCOMPARE(fixture.find<QLineEdit>("newSandbox.name")->text(), QStringLiteral("orders-api"));
    fixture.click("newSandbox.create");
    QCOMPARE(fixture.backend.copiedFolder, QStringLiteral("/home/ada/Orders API"));
    emit fixture.backend.copyProgress(fixture.backend.copy, 120, 3000);
    QCOMPARE(fixture.find<QLabel>("copying.detail")->text(), QStringLiteral("120 of 3,000 files"));
    fixture.click("copying.stop");
    QVERIFY(!fixture.isShown("copying"));
    QVERIFY(!fixture.isShown("errorStrip"));
}

void TestMainWindow::theTreeFollowsTheSandbox()
{
    Bench bench;
    bench.open();
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\n"));
    bench.backend.putFile(bench.id, "/workspace/built.o", "x");
    bench.backend.deleteFile(bench.id, "/workspace/notes.txt");
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nbuilt.o\n"));
    bench.backend.putFile(bench.id, "/workspace/.env", "x");
    bench.settle();
    bench.action("hidden")->trigger();
    QCOMPARE(bench.files(), QStringLiteral("src\n.env\nbuilt.o\n"));
}

void TestMainWindow::aFileIsOpenedEditedAndSaved()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("one\ntwo\n"));
    QCOMPARE(bench.find<QLabel>("status.position")->text(), QStringLiteral("Ln 1, Col 1"));
    QCOMPARE(bench.find<QLabel>("status.format")->text(), QStringLiteral("UTF-8"));
    QTest::keyClicks(bench.editor(), QStringLiteral("zero "));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
    bench.press(QKeySequence::Save);
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"),
             QByteArray("zero one\ntwo\n"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt")});
    QTest::qWait(250); // the watch tells of our own save, too
    QVERIFY(!bench.isShown("editor.changed"));
}

void TestMainWindow::whatChangedOnDiskIsAskedAbout()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "theirs\n");
    QTRY_VERIFY(bench.isShown("editor.changed"));
    bench.click("editor.changed.reload");
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("theirs\n"));
    QVERIFY(!bench.isShown("editor.changed"));

    QTest::keyClick(bench.editor(), Qt::Key_Home, Qt::ControlModifier);
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "theirs again\n");
    QTRY_VERIFY(bench.isShown("editor.changed"));
    bench.click("editor.changed.keep");
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("mine theirs\n"));
    bench.editor()->setFocus();
    bench.press(QKeySequence::Save);
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"), QByteArray("mine theirs\n"));

    bench.backend.deleteFile(bench.id, "/workspace/notes.txt");
    QTRY_VERIFY(bench.isShown("editor.deleted"));
    bench.click("editor.deleted.save");
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"), QByteArray("mine theirs\n"));
}

void TestMainWindow::aSaveOverAForeignChangeIsRefused()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    // The change is there, and the news of it is not yet.
    auto& file = bench.backend.at(bench.id).files.at("/workspace/notes.txt");
    file.bytes = "theirs\n";
    ++file.version;
    bench.press(QKeySequence::Save);
    QVERIFY(bench.isShown("editor.changed"));
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"), QByteArray("theirs\n"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
}

void TestMainWindow::closingUnsavedTextIsAsked()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.press(Qt::CTRL | Qt::Key_W);
    QCOMPARE(bench.prompter.asked().size(), 1);
    QVERIFY(bench.editor());
    bench.prompter.willConfirm(true);
    bench.press(Qt::CTRL | Qt::Key_W);
    QVERIFY(!bench.editor());
    QVERIFY(bench.isShown("editors.empty"));
}

void TestMainWindow::filesAreMadeRenamedAndDeleted()
{
    Bench bench;
    bench.open();
    bench.tree()->setFocus();
    bench.press(Qt::CTRL | Qt::Key_N);
    auto* edit = bench.find<QLineEdit>("files.name");
    QVERIFY(edit);
    QTest::keyClicks(edit, QStringLiteral("new.md"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nnew.md\nnotes.txt\n"));
    QCOMPARE(bench.tree()->currentIndex().data().toString(), QStringLiteral("new.md"));

    bench.press(Qt::Key_F2);
    edit = bench.find<QLineEdit>("files.name");
    QVERIFY(edit);
    edit->setText(QStringLiteral("zz.md"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\nzz.md\n"));

    bench.prompter.willConfirm(true);
    bench.press(Qt::Key_Delete);
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\n"));
    QVERIFY(bench.prompter.asked().last().startsWith(QStringLiteral("Delete “zz.md”?")));

    bench.press(Qt::CTRL | Qt::Key_N);
    edit = bench.find<QLineEdit>("files.name");
    QVERIFY(edit);
    QTest::keyClick(edit, Qt::Key_Escape);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\n"));
}

void TestMainWindow::aTerminalShowsItsJournalAndTakesKeys()
{
    Bench bench;
    bench.open();
    QTRY_COMPARE(bench.view()->screenText(), QStringLiteral("$ make\nall is built\n$"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("ls"));
    QTRY_COMPARE(bench.backend.terminalOf(bench.id, bench.terminal).typed, QByteArray("ls"));
    bench.backend.print(bench.id, bench.terminal, "ls\r\nMakefile\r\n");
    QTRY_VERIFY(bench.view()->screenText().contains(QStringLiteral("Makefile")));
    const auto& sizes = bench.backend.terminalOf(bench.id, bench.terminal).sizes;
    QCOMPARE(sizes.last().first, bench.view()->columns());
    QCOMPARE(sizes.last().second, bench.view()->lines());
}

void TestMainWindow::anEndedTerminalIsRestarted()
{
    Bench bench;
    bench.open();
    bench.backend.endTerminal(bench.id, bench.terminal, {.code = 2});
    QTRY_VERIFY(bench.isShown("terminal.ended"));
    QCOMPARE(bench.find<QLabel>("terminal.ended.what")->text(),
             QStringLiteral("Ended with exit code 2."));
    bench.click("terminal.ended.restart");
    QCOMPARE(bench.tabsOf(bench.terminalTabs()), QStringList{QStringLiteral("bash")});
    QVERIFY(!bench.isShown("terminal.ended"));
    QVERIFY(!bench.backend.at(bench.id).terminals.contains(bench.terminal));
    QCOMPARE(bench.backend.at(bench.id).terminals.size(), 1);
}

void TestMainWindow::aClosedTerminalCanBeHadBack()
{
    Bench bench;
    bench.open();
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_W);
    QVERIFY(bench.isShown("terminals.closed"));
    QVERIFY(bench.isShown("terminals.empty"));
    QVERIFY(bench.backend.at(bench.id).terminals.contains(bench.terminal));
    bench.click("terminals.closed.undo");
    QTRY_COMPARE(bench.view()->screenText(), QStringLiteral("$ make\nall is built\n$"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_W);
    bench.click("terminals.closed.dismiss");
    QVERIFY(!bench.backend.at(bench.id).terminals.contains(bench.terminal));
}

void TestMainWindow::aStoppedSandboxOffersToStart()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.action("stop")->trigger();
    bench.settle();
    QVERIFY(bench.isShown("files.stopped"));
    QVERIFY(bench.isShown("terminals.stopped"));
    QVERIFY(bench.editor());
    QVERIFY(!bench.action("newFile")->isEnabled());
    QVERIFY(!bench.action("newTerminal")->isEnabled());
    QCOMPARE(bench.find<StateLabel>("bar.state")->text(), QStringLiteral("stopped"));
    bench.click("terminals.stopped.action");
    QVERIFY(bench.isShown("files.tree"));
    QVERIFY(bench.isShown("terminal"));
    QCOMPARE(bench.find<StateLabel>("bar.state")->text(), QStringLiteral("running"));
}

void TestMainWindow::sandboxesAreRenamedAndRemovedByKeyboard()
{
    Bench bench;
    bench.backend.addSandbox(QStringLiteral("other"));
    bench.open();
    auto* list = bench.find<QListView>("sandboxes.list");
    QCOMPARE(modelText(*list->model()), QStringLiteral("other\nbench\n"));
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_1);
    QVERIFY(list->hasFocus());
    bench.press(Qt::Key_Down);
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("bench"));
    bench.press(Qt::Key_F2);
    auto* edit = bench.find<QLineEdit>("sandboxes.rename");
    QVERIFY(edit);
    edit->setText(QStringLiteral("crate"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(modelText(*list->model()), QStringLiteral("other\ncrate\n"));
    bench.prompter.willConfirm(true);
    list->setFocus();
    bench.press(Qt::Key_Delete);
    QVERIFY(bench.prompter.asked().last().startsWith(QStringLiteral("Remove “crate”?")));
    QCOMPARE(modelText(*list->model()), QStringLiteral("other\n"));
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("other"));
}

void TestMainWindow::everythingIsBackAfterARestart()
{
    Bench bench;
    bench.backend.addSandbox(QStringLiteral("other"));
    const QString second = bench.backend.addTerminal(bench.id, "second\r\n");
    bench.open();
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_PageDown);
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("bench"));
    bench.tree()->expand(bench.tree()->model()->index(0, 0));
    bench.settle();
    bench.openFile(QStringLiteral("main.py"));
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editorTabs()->setCurrentIndex(0);
    bench.terminalTabs()->moveTab(1, 0);
    bench.terminalTabs()->setCurrentIndex(0);
    bench.find<QSplitter>("work")->setSizes({300, 400});
    const QList<int> sizes = bench.find<QSplitter>("work")->sizes();
    bench.reopen();
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("bench"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()),
             QStringList({QStringLiteral("main.py"), QStringLiteral("notes.txt")}));
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("print('hello')\n"));
    QTRY_COMPARE(bench.view()->screenText(), QStringLiteral("second"));
    bench.terminalTabs()->setCurrentIndex(1);
    QTRY_COMPARE(bench.view()->screenText(), QStringLiteral("$ make\nall is built\n$"));
    QVERIFY(bench.tree()->isExpanded(bench.tree()->model()->index(0, 0)));
    QCOMPARE(bench.find<QSplitter>("work")->sizes(), sizes);
}

void TestMainWindow::unsavedTextIsBackAfterARestart()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.reopen();
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
    bench.close();
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "theirs\n");
    bench.open();
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QVERIFY(bench.isShown("editor.changed"));
}

void TestMainWindow::unsavedTextOutlivesItsFileAndItsSandbox()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.close();
    bench.backend.setState(bench.id, api::SandboxState::Stopped);
    bench.open();
    // It cannot be read, and still it is not closed without a question.
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
    bench.close();
    bench.backend.setState(bench.id, api::SandboxState::Running);
    bench.backend.deleteFile(bench.id, "/workspace/notes.txt");
    bench.open();
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QVERIFY(bench.isShown("editor.deleted"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
}

void TestMainWindow::aLostServiceIsSaidAndRetried()
{
    Bench bench;
    bench.open();
    bench.backend.setLink(desk::LinkState::Lost, QStringLiteral("nothing listens"));
    bench.settle();
    QCOMPARE(bench.errorText(), QStringLiteral("Caisson’s service cannot be reached."));
    QCOMPARE(bench.find<QLabel>("status.link")->text(), QStringLiteral("not connected"));
    bench.click("errorStrip.action");
    QVERIFY(bench.backend.calls().contains(QStringLiteral("retry")));
    bench.backend.setLink(desk::LinkState::Lost);
    bench.backend.setLink(desk::LinkState::Connected);
    bench.settle();
    QVERIFY(!bench.isShown("errorStrip"));
    QCOMPARE(bench.find<QLabel>("status.link")->text(), QStringLiteral("connected"));
}

/// "Sandboxes go on" was said of a service nobody had reached, above a blank page.
void TestMainWindow::aServiceThatWasNeverThereIsSaidInThePage()
{
    Bench bench;
    bench.backend.whyUnreachable = QStringLiteral("cannot start caissond: no such file");
    bench.open();
    QCOMPARE(bench.find<QLabel>("unreached.sentence")->text(),
             QStringLiteral("Caisson’s service cannot be reached. Cannot start caissond: no such "
                            "file. See that Caisson is installed completely. This window tries "
                            "again by itself."));
    QVERIFY(!bench.isShown("activity"));
    bench.click("unreached.action");
    QVERIFY(bench.backend.calls().contains(QStringLiteral("retry")));
    bench.backend.failNext(QStringLiteral("listSandboxes"), ErrorCode::Internal,
                           QStringLiteral("the list is broken"));
    bench.backend.setLink(desk::LinkState::Connected);
    bench.settle();
    QCOMPARE(bench.find<QLabel>("unreached.sentence")->text(),
             QStringLiteral("Could not read the sandboxes. The list is broken."));
    bench.click("unreached.action");
    QVERIFY(bench.isShown("sandboxes.list"));
}

/// A folder to mount that is not there was "It is not there any more.", said of the sandbox.
void TestMainWindow::aFailedCreationSaysItsOwnReason()
{
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    fixture.backend.failNext(QStringLiteral("createSandbox"), ErrorCode::NotFound,
                             QStringLiteral("there is no folder /srv/x to mount"));
    fixture.click("newSandbox.create");
    QCOMPARE(fixture.find<QLabel>("newSandbox.error")->text(),
             QStringLiteral("The sandbox was not created. There is no folder /srv/x to mount."));
}

void TestMainWindow::failuresOfferWhatHelps()
{
    Bench bench;
    bench.open();
    bench.action("stop")->trigger();
    bench.settle();
    bench.backend.failNext(QStringLiteral("startSandbox"), ErrorCode::PermissionDenied,
                           QStringLiteral("the host does not let us"));
    bench.action("start")->trigger();
    bench.settle();
    QCOMPARE(bench.errorText(), QStringLiteral("Could not start “bench”."));
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("The host does not let us."));
    QCOMPARE(bench.find<QPushButton>("errorStrip.action")->text(), QStringLiteral("Try again"));
    bench.click("errorStrip.action");
    QVERIFY(!bench.isShown("errorStrip"));
    QCOMPARE(bench.find<StateLabel>("bar.state")->text(), QStringLiteral("running"));
    // The sandbox has stopped, and the window does not know yet.
    bench.backend.failNext(QStringLiteral("createTerminal"), ErrorCode::NotRunning,
                           QStringLiteral("the sandbox is not running"));
    bench.action("newTerminal")->trigger();
    bench.settle();
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("The sandbox is not running. Start the sandbox first."));
    bench.backend.forgetCalls();
    bench.click("errorStrip.action");
    QVERIFY(bench.backend.calls().contains(QStringLiteral("startSandbox bench")));
}

void TestMainWindow::failuresAreSaidInPlace()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NoSpace);
    QTest::keyClicks(bench.editor(), QStringLiteral("x"));
    bench.press(QKeySequence::Save);
    QCOMPARE(bench.errorText(), QStringLiteral("“notes.txt” was not saved."));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});

    bench.backend.putFile(bench.id, "/workspace/locked", "x");
    bench.settle();
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::PermissionDenied);
    bench.select(QStringLiteral("locked"));
    bench.press(Qt::Key_Return);
    QVERIFY(bench.isShown("editor.failure"));
    bench.click("editor.failure.action");
    QCOMPARE(bench.editor()->toPlainText(), QStringLiteral("x"));
}

void TestMainWindow::everyShortcutIsUniqueAndListed()
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
    QString listed;
    for (const QLabel* label : dialog->findChildren<QLabel*>())
        listed += label->text() + QLatin1Char('\n');
    for (const QString& keys : owners.keys())
        QVERIFY2(listed.contains(keys), qPrintable(keys));
    dialog->close();
}

void TestMainWindow::everythingHasANameForWhoCannotSee()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    for (const QWidget* widget : bench.window().findChildren<QWidget*>()) {
        if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus || widget->focusProxy())
            continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool isNamed =
            !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        const bool isPart = widget->objectName().startsWith(QStringLiteral("qt_"));
        QVERIFY2(isNamed || isPart,
                 qPrintable(QString::fromLatin1(widget->metaObject()->className()) +
                            QLatin1Char(' ') + widget->objectName()));
    }
}

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
