// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"

#include <QDir>
#include <QLineEdit>
#include <QRadioButton>
#include <QScreen>
#include <QSplitter>
#include <QToolButton>

using namespace caisson;
using test::Bench;

class TestWindowRestart : public QObject
{
    Q_OBJECT

private slots:
    void everythingIsBackAfterARestart();
    void unsavedTextIsBackAfterARestart();
    void unsavedTextOutlivesItsFileAndItsSandbox();
    void unsavedTextOutlivesACrash();
    void whatIsSavedOrGivenUpIsNotKept();
    void aBinaryFileIsNotModified();
    void theHandsAreWhereTheyWere();
    void aClosedTerminalDoesNotComeBack();
    void removedSandboxesAreForgotten();
    void aCopyThatWasCutShortIsTold();
    void aCopyIsForgottenWithItsSandbox();
    void theWindowFitsTheScreen();
};

void TestWindowRestart::everythingIsBackAfterARestart()
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

void TestWindowRestart::unsavedTextIsBackAfterARestart()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.reopen();
    QTRY_COMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
    bench.close();
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "theirs\n");
    bench.open();
    QTRY_COMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QTRY_VERIFY(bench.isShown("editor.changed"));
}

void TestWindowRestart::unsavedTextOutlivesItsFileAndItsSandbox()
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
    QTRY_COMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
    QTRY_VERIFY(bench.isShown("editor.deleted"));
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
}

/// Unsaved texts were kept with the window's state, which a crash may leave older than they are.
void TestWindowRestart::unsavedTextOutlivesACrash()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    QTRY_COMPARE(bench.drafts().size(), 1);
    const QFileInfo draft(bench.drafts().first());
    QCOMPARE(draft.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    bench.crash();
    QVERIFY(QFile::remove(bench.statePath()));
    bench.open();
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("notes.txt •")});
    QTRY_COMPARE(bench.editor()->toPlainText(), QStringLiteral("mine one\ntwo\n"));
}

void TestWindowRestart::whatIsSavedOrGivenUpIsNotKept()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    QTRY_COMPARE(bench.drafts().size(), 1);
    bench.press(QKeySequence::Save);
    QTRY_COMPARE(bench.drafts().size(), 0);
    QTRY_VERIFY(!bench.editor()->document()->isModified());
    QTest::keyClicks(bench.editor(), QStringLiteral("more "));
    QTRY_COMPARE(bench.drafts().size(), 1);
    bench.editor()->undo();
    QTRY_COMPARE(bench.drafts().size(), 0);
    bench.editor()->redo();
    QTRY_COMPARE(bench.drafts().size(), 1);
    bench.prompter.willChoose(ScriptedPrompter::Answer::Other);
    bench.press(Qt::CTRL | Qt::Key_W);
    QTRY_COMPARE(bench.drafts().size(), 0);
}

/// It got the mark of unsaved text.
void TestWindowRestart::aBinaryFileIsNotModified()
{
    Bench bench;
    bench.backend.putFile(bench.id, "/workspace/image.bin", QByteArray("\0\1\2", 3));
    bench.open();
    bench.select(QStringLiteral("image.bin"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("editor.binary"));
    QVERIFY(!bench.isShown("status.position"));
    QVERIFY(!bench.isShown("status.format"));
    bench.reopen();
    QTRY_VERIFY(bench.isShown("editor.binary"));
    QTest::qWait(250); // the watch has begun, and what was open is looked at
    QCOMPARE(bench.tabsOf(bench.editorTabs()), QStringList{QStringLiteral("image.bin")});
    QVERIFY(bench.drafts().isEmpty());
}

void TestWindowRestart::theHandsAreWhereTheyWere()
{
    Bench bench;
    bench.open();
    bench.tree()->expand(bench.tree()->model()->index(0, 0));
    bench.settle();
    bench.select(QStringLiteral("main.py"));
    bench.reopen();
    QVERIFY(bench.tree()->hasFocus());
    QCOMPARE(bench.tree()->currentIndex().data().toString(), QStringLiteral("main.py"));
    bench.openFile(QStringLiteral("notes.txt"));
    QVERIFY(bench.editor()->hasFocus());
    bench.reopen();
    QTRY_VERIFY(bench.editor() && bench.editor()->hasFocus());
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_1);
    bench.reopen();
    QVERIFY(bench.find("sandboxes.list")->hasFocus());
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    bench.reopen();
    QTRY_VERIFY(bench.view() && bench.view()->isAncestorOf(QApplication::focusWidget()));
}

/// Closed, it can be had back for 8 seconds; a window that was closed before that forgot to end it.
void TestWindowRestart::aClosedTerminalDoesNotComeBack()
{
    Bench bench;
    bench.open();
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_4);
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_W);
    QVERIFY(bench.isShown("terminals.closed"));
    QVERIFY(bench.backend.at(bench.id).terminals.contains(bench.terminal));
    // The window is gone before the service has heard of it.
    bench.backend.failNext(QStringLiteral("removeTerminal"), ErrorCode::Unavailable);
    bench.reopen();
    QVERIFY(bench.isShown("terminals.empty"));
    QVERIFY(!bench.backend.at(bench.id).terminals.contains(bench.terminal));
}

void TestWindowRestart::removedSandboxesAreForgotten()
{
    Bench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("other"));
    bench.open();
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_PageDown);
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    QTRY_COMPARE(bench.drafts().size(), 1);
    bench.close();
    QVERIFY(bench.state().contains(bench.id.toLatin1()));
    bench.backend.removeSandbox(bench.id); // by somebody else, while the window is closed
    bench.open();
    QCOMPARE(bench.drafts().size(), 1); // it may come back: kept for a month
    bench.close();
    QVERIFY(!bench.state().contains(bench.id.toLatin1()));
    QVERIFY(bench.state().contains(other.toLatin1()));
}

void TestWindowRestart::aCopyThatWasCutShortIsTold()
{
    Bench bench;
    bench.open();
    const QTemporaryDir home;
    const QString folder = home.filePath(QStringLiteral("web"));
    QVERIFY(QDir().mkpath(folder));
    bench.action("new")->trigger();
    bench.find<QRadioButton>("newSandbox.copy")->setChecked(true);
    bench.find<QLineEdit>("newSandbox.name")->setText(QStringLiteral("web"));
    bench.find<QLineEdit>("newSandbox.folder")->setText(folder);
    bench.click("newSandbox.create");
    QTRY_COMPARE(bench.backend.copiedFolder, folder);
    // To close the window now is asked about.
    QVERIFY(!bench.window().close());
    QVERIFY(bench.prompter.asked().last().startsWith(
        QStringLiteral("Quit while a folder is being copied?")));
    bench.crash();
    bench.open();
    QCOMPARE(bench.find<QLabel>("copyInterrupted.what")->text(),
             QStringLiteral("“web” was not copied whole into “web”."));
    bench.crash();
    bench.open();
    QVERIFY(bench.isShown("copyInterrupted"));
    bench.backend.copiedFolder.clear();
    bench.click("copyInterrupted.again");
    QTRY_COMPARE(bench.backend.copiedFolder, folder);
    bench.backend.endCopy(desk::CopyOutcome());
    bench.settle();
    QVERIFY(!bench.isShown("copyInterrupted"));
    bench.reopen();
    QVERIFY(!bench.isShown("copyInterrupted"));
}

void TestWindowRestart::aCopyIsForgottenWithItsSandbox()
{
    Bench bench;
    bench.open();
    bench.close();
    QFile state(bench.statePath());
    QVERIFY(state.open(QIODevice::ReadWrite));
    QByteArray text = state.readAll();
    text.replace("\"copies\": [\n    ]", "\"copies\": [{\"sandbox\": \"" + bench.id.toUtf8() +
                                             "\", \"folder\": \"/srv/web\"}]");
    state.resize(0);
    state.seek(0);
    state.write(text);
    state.close();
    bench.open();
    QVERIFY(bench.isShown("copyInterrupted"));
    emit bench.backend.sandboxRemoved(bench.id);
    bench.settle();
    QVERIFY(!bench.isShown("copyInterrupted"));
}

void TestWindowRestart::theWindowFitsTheScreen()
{
    Bench bench;
    bench.size = QSize();
    bench.open();
    const QRect screen = bench.window().screen()->availableGeometry();
    QVERIFY(screen.width() < 1280); // or this shows nothing
    QVERIFY(screen.contains(bench.window().geometry()));
    // Below what a desktop puts on top of it, too.
    QVERIFY(screen.contains(bench.window().geometry().adjusted(0, 0, 0, 28)));
    bench.size = QSize(1280, 800);
    bench.reopen();
    bench.close();
    bench.size = QSize();
    bench.open();
    QVERIFY(screen.contains(bench.window().geometry()));
}

QTEST_MAIN(TestWindowRestart)
#include "test_window_restart.moc"
