// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"
#include "widgets/sandboxes/state_label.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

using namespace caisson;
using test::Bench;

/// What went wrong is said: what happened, why, and what to do.
class TestWindowErrors : public QObject
{
    Q_OBJECT

private slots:
    void failuresOfferWhatHelps();
    void failuresAreSaidInPlace();
    void aLinkToNothingIsSaid();
    void closingADeletedFileAsksFirst();
    void aFolderInPlaceOfAFileIsNoticed();
    void anErrorGoesWithWhatItIsAbout();
    void anErrorNamesItsSandboxAmongSeveral();
    void aFileInPlaceOfTheFolderIsNoticed();
    void aCircleOfLinksIsSaid();
    void whatWasTypedInAStoppedSandboxIsSaidToBeKept();
    void reloadingNamesWhatItDropsWhenThereIsSomething();
};

void TestWindowErrors::failuresOfferWhatHelps()
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

void TestWindowErrors::failuresAreSaidInPlace()
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

void TestWindowErrors::aLinkToNothingIsSaid()
{
    Bench bench;
    bench.backend.putSymlink(bench.id, "/workspace/dangling", "nowhere");
    bench.open();
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::NotFound);
    bench.select(QStringLiteral("dangling"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("editor.failure"));
    QCOMPARE(bench.find<QLabel>("editor.failure.sentence")->text(),
             QStringLiteral("“dangling” is a link to “nowhere”, which is not there."));
}

void TestWindowErrors::closingADeletedFileAsksFirst()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.backend.deleteFile(bench.id, "/workspace/notes.txt");
    QTRY_VERIFY(bench.isShown("editor.deleted"));
    bench.click("editor.deleted.close");
    QVERIFY(bench.prompter.asked().last().startsWith(
        QStringLiteral("Save “notes.txt” before it is closed?")));
    QVERIFY(bench.editor());
}

/// In one go, before the window looks: the tab went on as if nothing had happened.
void TestWindowErrors::aFolderInPlaceOfAFileIsNoticed()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.deleteFile(bench.id, "/workspace/notes.txt");
    bench.backend.putFolder(bench.id, "/workspace/notes.txt");
    QTRY_VERIFY(bench.isShown("editor.deleted"));
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::IsADirectory,
                           QStringLiteral("cannot write /workspace/notes.txt: it is a folder"));
    bench.click("editor.deleted.save");
    QTRY_COMPARE(bench.errorText(), QStringLiteral("“notes.txt” was not saved."));
    QVERIFY(bench.find<QLabel>("errorStrip.detail")
                ->text()
                .endsWith(QStringLiteral("Rename or delete the folder, then try again.")));
}

void TestWindowErrors::anErrorGoesWithWhatItIsAbout()
{
    Bench bench;
    bench.open();
    const auto failToSave = [&] {
        bench.openFile(QStringLiteral("notes.txt"));
        bench.editor()->insertPlainText(QStringLiteral("x"));
        bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NoSpace);
        bench.press(Qt::CTRL | Qt::Key_S);
        QTRY_COMPARE(bench.errorText(), QStringLiteral("“notes.txt” was not saved."));
    };
    failToSave();
    bench.press(Qt::CTRL | Qt::Key_S); // there is room again
    QTRY_COMPARE(bench.errorText(), QString());

    failToSave();
    bench.prompter.willChoose(ScriptedPrompter::Answer::Other);
    bench.press(Qt::CTRL | Qt::Key_W);
    QTRY_COMPARE(bench.errorText(), QString());
}

void TestWindowErrors::anErrorNamesItsSandboxAmongSeveral()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editor()->insertPlainText(QStringLiteral("x"));
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NoSpace);
    bench.press(Qt::CTRL | Qt::Key_S);
    QTRY_COMPARE(bench.errorText(), QStringLiteral("“notes.txt” was not saved."));
    bench.backend.setState(bench.backend.addSandbox(QStringLiteral("other")),
                           api::SandboxState::Running);
    bench.settle();
    QCOMPARE(bench.errorText(), QStringLiteral("bench: “notes.txt” was not saved."));
    bench.backend.removeSandbox(bench.id);
    QTRY_VERIFY(!bench.errorText().startsWith(QStringLiteral("bench:")));
}

/// The tab went on as if nothing had happened, and saving ended in errno's words.
void TestWindowErrors::aFileInPlaceOfTheFolderIsNoticed()
{
    Bench bench;
    bench.open();
    bench.openFolder(QStringLiteral("src"));
    bench.openFile(QStringLiteral("main.py"));
    for (int answer = 0; answer < 2; ++answer) {
        bench.backend.failNext(QStringLiteral("statFile"), ErrorCode::NotADirectory);
        bench.backend.tellWatches(
            bench.id, {{.type = "modified", .path = api::FileName{"/workspace/src/main.py"}}});
        if (answer == 0)
            QTRY_VERIFY(bench.isShown("editor.deleted"));
    }
    bench.backend.failNext(QStringLiteral("writeFile"), ErrorCode::NotADirectory,
                           QStringLiteral("cannot write: Not a directory"));
    bench.click("editor.deleted.save");
    QTRY_COMPARE(bench.errorText(), QStringLiteral("“main.py” was not saved."));
    QCOMPARE(
        bench.find<QLabel>("errorStrip.detail")->text(),
        QStringLiteral("A file has taken the place of its folder, “src”. Rename or delete that "
                       "file, then try again."));
}

void TestWindowErrors::aCircleOfLinksIsSaid()
{
    Bench bench;
    bench.backend.putSymlink(bench.id, "/workspace/loop", "loop");
    bench.open();
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::BadRequest,
                           QStringLiteral("Too many levels of symbolic links"));
    bench.select(QStringLiteral("loop"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("editor.failure"));
    QCOMPARE(bench.find<QLabel>("editor.failure.sentence")->text(),
             QStringLiteral("“loop” is a link to “loop”, and that leads in a circle."));
}

void TestWindowErrors::whatWasTypedInAStoppedSandboxIsSaidToBeKept()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.close();
    bench.backend.setState(bench.id, api::SandboxState::Stopped);
    bench.open();
    QTRY_VERIFY(bench.isShown("editor.failure"));
    QVERIFY(bench.find<QLabel>("editor.failure.sentence")
                ->text()
                .endsWith(QStringLiteral("What you typed and did not save is kept.")));
}

void TestWindowErrors::reloadingNamesWhatItDropsWhenThereIsSomething()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.backend.putFile(bench.id, "/workspace/notes.txt", "theirs\n");
    QTRY_VERIFY(bench.isShown("editor.changed"));
    QVERIFY(!bench.isShown("editor.changed.detail"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    QVERIFY(bench.isShown("editor.changed.detail"));
}

QTEST_MAIN(TestWindowErrors)
#include "test_window_errors.moc"
