// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"
#include "widgets/sandboxes/state_label.h"

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabBar>
#include <QTreeView>

using namespace caisson;
using test::Bench;

class TestMainWindow : public QObject
{
    Q_OBJECT

private slots:
    void theTreeFollowsTheSandbox();
    void aFileIsOpenedEditedAndSaved();
    void whatChangedOnDiskIsAskedAbout();
    void aSaveOverAForeignChangeIsRefused();
    void closingUnsavedTextIsAsked();
    void closingCanSaveFirst();
    void savingInAStoppedSandboxIsSaid();
    void aTerminalSaysWhatItsProgramSays();
    void filesAreMadeRenamedAndDeleted();
    void aNewFileIsMadeInTheFolderThatIsSelected();
    void aNameThatIsNoneStaysInItsField();
    void aTabFollowsAFileThatIsMoved();
    void aBackupIsNoMove();
    void readingAFolderIsSeen();
    void aFileIsSavedAgainWithItsFolder();
    void aTerminalShowsItsJournalAndTakesKeys();
    void aClosedTerminalCanBeHadBack();
    void aLostServiceIsSaidAndRetried();
    void aServiceThatWasNeverThereIsSaidInThePage();
    void manyDeletionsLeaveTheFolderCurrent();
    void manyDeletionsLeaveANameHalfTyped();
};

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
    QCOMPARE(bench.prompter.asked(),
             QStringList{QStringLiteral("Save “notes.txt” before it is closed? | Without saving, "
                                        "what you typed is lost. | &Save | &Discard")});
    QVERIFY(bench.editor());
    bench.prompter.willChoose(ScriptedPrompter::Answer::Other);
    bench.press(Qt::CTRL | Qt::Key_W);
    QVERIFY(!bench.editor());
    QVERIFY(bench.isShown("editors.empty"));
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"), QByteArray("one\ntwo\n"));
}

void TestMainWindow::closingCanSaveFirst()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    // What is not saved is not closed.
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NoSpace);
    bench.prompter.willChoose(ScriptedPrompter::Answer::Primary);
    bench.press(Qt::CTRL | Qt::Key_W);
    QTRY_COMPARE(bench.errorText(), QStringLiteral("“notes.txt” was not saved."));
    QVERIFY(bench.editor());
    bench.press(QKeySequence::Save);
    QTRY_COMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt")});
    QTest::keyClicks(bench.editor(), QStringLiteral("more "));
    bench.prompter.willChoose(ScriptedPrompter::Answer::Primary);
    bench.press(Qt::CTRL | Qt::Key_W);
    QTRY_VERIFY(bench.isShown("editors.empty"));
    QCOMPARE(bench.backend.bytesOf(bench.id, "/workspace/notes.txt"),
             QByteArray("mine more one\ntwo\n"));
}

void TestMainWindow::savingInAStoppedSandboxIsSaid()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.action("stop")->trigger();
    bench.settle();
    QVERIFY(!bench.isShown("note"));
    bench.editor()->setFocus();
    bench.press(QKeySequence::Save);
    QTRY_COMPARE(bench.find<QLabel>("note.what")->text(),
                 QStringLiteral("“bench” was stopped, and is started to save “notes.txt” in it."));
}

void TestMainWindow::aTerminalSaysWhatItsProgramSays()
{
    Bench bench;
    bench.backend.addTerminal(bench.id);
    bench.open();
    QCOMPARE(bench.tabsOf(bench.terminalTabs()),
             QStringList({QStringLiteral("bash"), QStringLiteral("bash 2")}));
    bench.backend.print(bench.id, bench.terminal, "\x1b]0;make: 40 %\x07");
    QTRY_COMPARE(bench.terminalTabs()->tabToolTip(0),
                 QStringLiteral("bash\nmake: 40 %\n/bin/bash"));
    bench.backend.truncate(bench.id, bench.terminal, 100);
    bench.settle();
    QCOMPARE(bench.find<QLabel>("terminal.truncated.what")->text(),
             QStringLiteral("Earlier output of this terminal is not kept any more."));

    // A full disk: said as long as it lasts.
    QVERIFY(!bench.isShown("terminal.waiting"));
    bench.backend.letTerminalWait(bench.id, bench.terminal, {ErrorCode::NoSpace, "", {}});
    QTRY_VERIFY(bench.isShown("terminal.waiting"));
    bench.backend.print(bench.id, bench.terminal, "on it goes");
    QTRY_VERIFY(!bench.isShown("terminal.waiting"));
}

void TestMainWindow::filesAreMadeRenamedAndDeleted()
{
    Bench bench;
    bench.open();
    bench.select(QStringLiteral("notes.txt"));
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

/// Beside a closed folder, where nobody looked for it.
void TestMainWindow::aNewFileIsMadeInTheFolderThatIsSelected()
{
    Bench bench;
    bench.open();
    const auto name = [&](const QString& text) {
        auto* edit = bench.find<QLineEdit>("files.name");
        QVERIFY(edit);
        QTest::keyClicks(edit, text);
        QTest::keyClick(edit, Qt::Key_Return);
        bench.settle();
    };
    // Nobody has selected the first row yet.
    bench.click("editors.empty.action");
    name(QStringLiteral("top.txt"));
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\ntop.txt\n"));

    bench.select(QStringLiteral("src"));
    bench.press(Qt::CTRL | Qt::Key_N);
    name(QStringLiteral("in.txt"));
    QCOMPARE(bench.files(), QStringLiteral("src\n  in.txt\n  main.py\nnotes.txt\ntop.txt\n"));

    // What the person does while the folder is read goes before.
    bench.backend.putFolder(bench.id, "/workspace/far");
    bench.settle();
    bench.select(QStringLiteral("far"));
    bench.backend.hold();
    bench.press(Qt::CTRL | Qt::Key_N);
    bench.press(Qt::Key_Down);
    bench.backend.release();
    bench.settle();
    QVERIFY(!bench.isShown("files.name"));
}

void TestMainWindow::aNameThatIsNoneStaysInItsField()
{
    Bench bench;
    bench.open();
    bench.select(QStringLiteral("notes.txt"));
    const auto edit = [&] { return bench.find<QLineEdit>("files.name"); };
    const auto problem = [&] {
        const auto* label = bench.find<QLabel>("files.name.problem");
        return label ? label->text() : QString();
    };
    const auto refuses = [&](const QString& name, const QString& why) {
        edit()->setText(name);
        QCOMPARE(problem(), why);
        QTest::keyClick(edit(), Qt::Key_Return);
        bench.settle();
        QVERIFY(edit());
        QCOMPARE(edit()->text(), name);
    };
    bench.press(Qt::CTRL | Qt::Key_N);
    QTest::keyClick(edit(), Qt::Key_Return);
    QCOMPARE(problem(), QStringLiteral("A name is needed."));
    refuses(QStringLiteral("a/b"), QStringLiteral("A name cannot contain “/”."));
    refuses(QStringLiteral("notes.txt"), QStringLiteral("There is a file of this name already."));
    edit()->setText(QStringLiteral("right.txt"));
    QCOMPARE(problem(), QString());
    QTest::keyClick(edit(), Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\nright.txt\n"));
    QCOMPARE(bench.errorText(), QString());

    bench.press(Qt::Key_F2);
    refuses(QStringLiteral("src"), QStringLiteral("There is a folder of this name already."));
    QTest::keyClick(edit(), Qt::Key_Escape);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\nnotes.txt\nright.txt\n"));
}

void TestMainWindow::aTabFollowsAFileThatIsMoved()
{
    Bench bench;
    bench.open();
    bench.openFolder(QStringLiteral("src"));
    bench.openFile(QStringLiteral("main.py"));
    QTest::keyClicks(bench.editor(), QStringLiteral("# "));
    bench.backend.moveFile(bench.id, "/workspace/src", "/workspace/lib");
    bench.backend.moveFile(bench.id, "/workspace/lib/main.py", "/workspace/lib/app.py");
    QTRY_COMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("app.py •")});
    QVERIFY(!bench.isShown("editor.deleted"));
    bench.press(QKeySequence::Save);
    QTRY_COMPARE(bench.backend.bytesOf(bench.id, "/workspace/lib/app.py"),
                 QByteArray("# print('hello')\n"));
}

void TestMainWindow::readingAFolderIsSeen()
{
    Bench bench;
    bench.open();
    QVERIFY(!bench.isShown("files.activity"));
    bench.backend.hold();
    bench.tree()->expand(bench.tree()->model()->index(0, 0));
    QTRY_VERIFY(bench.isShown("files.activity"));
    bench.backend.release();
    QTRY_VERIFY(!bench.isShown("files.activity"));
}

/// Some programs move a file out of the way and write a new one in its place.
void TestMainWindow::aBackupIsNoMove()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.moveFile(bench.id, "/workspace/notes.txt", "/workspace/notes.txt~");
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "");
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "three\n");
    QTRY_VERIFY(bench.isShown("editor.changed"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt")});
}

void TestMainWindow::aFileIsSavedAgainWithItsFolder()
{
    Bench bench;
    bench.open();
    bench.openFolder(QStringLiteral("src"));
    bench.openFile(QStringLiteral("main.py"));
    QTest::keyClicks(bench.editor(), QStringLiteral("# "));
    bench.backend.deleteFile(bench.id, "/workspace/src/main.py");
    bench.backend.deleteFile(bench.id, "/workspace/src");
    QTRY_VERIFY(bench.isShown("editor.deleted"));
    bench.press(QKeySequence::Save);
    QTRY_COMPARE(bench.errorText(), QStringLiteral("“main.py” was not saved."));
    QCOMPARE(bench.find<QPushButton>("errorStrip.action")->text(),
             QStringLiteral("Make the folder"));
    bench.click("errorStrip.action");
    QTRY_COMPARE(bench.backend.bytesOf(bench.id, "/workspace/src/main.py"),
                 QByteArray("# print('hello')\n"));
    QVERIFY(!bench.isShown("editor.deleted"));
    QCOMPARE(bench.errorText(), QString());
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
                            "file. This window tries again by itself."));
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

/// The half of it became the file's name.
void TestMainWindow::manyDeletionsLeaveANameHalfTyped()
{
    Bench bench;
    constexpr int kFiles = 300;
    const auto path = [](int number) { return "/workspace/src/f" + QByteArray::number(number); };
    for (int i = 0; i < kFiles; ++i)
        bench.backend.putFile(bench.id, path(i), "");
    bench.open();
    bench.openFolder(QStringLiteral("src"));
    bench.select(QStringLiteral("notes.txt"));
    bench.press(Qt::Key_F2);
    QLineEdit* edit = bench.find<QLineEdit>("files.name");
    QVERIFY(edit);
    edit->setText(QStringLiteral("hal"));
    for (int from = 0; from < kFiles; from += 100) {
        QList<api::WatchEvent> events;
        for (int i = from; i < from + 100; ++i) {
            bench.backend.at(bench.id).files.erase(path(i));
            events +=
                api::WatchEvent{.type = "deleted", .path = api::FileName{path(i).toStdString()}};
        }
        bench.backend.tellWatches(bench.id, events);
        bench.settle();
    }
    QCOMPARE(bench.find<QLineEdit>("files.name"), edit);
    QCOMPARE(edit->text(), QStringLiteral("hal"));
    QVERIFY(bench.backend.at(bench.id).files.contains("/workspace/notes.txt"));
    QTest::keyClick(edit, Qt::Key_Escape);
}

void TestMainWindow::manyDeletionsLeaveTheFolderCurrent()
{
    Bench bench;
    QList<api::WatchEvent> events;
    for (int i = 0; i < 200; ++i) {
        const QByteArray path = "/workspace/src/f" + QByteArray::number(i);
        bench.backend.putFile(bench.id, path, "x");
        api::WatchEvent event{.type = "deleted"};
        event.path = api::FileName{path.toStdString()};
        events += event;
    }
    bench.open();
    bench.tree()->expand(bench.tree()->model()->index(0, 0));
    bench.settle();
    bench.select(QStringLiteral("f0"));
    int changes = 0;
    connect(bench.tree()->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [&changes] { ++changes; });
    bench.backend.tellWatches(bench.id, events);
    bench.settle();
    QCOMPARE(bench.files(), QStringLiteral("src\n  main.py\nnotes.txt\n"));
    QCOMPARE(bench.tree()->currentIndex().data().toString(), QStringLiteral("src"));
    QCOMPARE(changes, 2);
}

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
