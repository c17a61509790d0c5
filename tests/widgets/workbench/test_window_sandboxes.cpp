// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"
#include "widgets/common/elided_label.h"
#include "widgets/sandboxes/state_label.h"

#include <QClipboard>
#include <QDir>
#include <QGuiApplication>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QRadioButton>
#include <QTemporaryDir>
#include <QToolButton>

using namespace caisson;
using test::Bench;
using test::modelText;
using test::WindowFixture;

class TestWindowSandboxes : public QObject
{
    Q_OBJECT

private slots:
    void theFirstRunHasOneWayIn();
    void aSandboxIsCreatedWithATerminal();
    void aFailedCreationKeepsWhatWasTyped();
    void aFolderIsCopiedIn();
    void twoFoldersAreCopiedAtOnce();
    void aCreationCanBeCancelled();
    void aFailedCreationSaysItsOwnReason();
    void aFolderThatCannotBeUsedIsNamedInPlace();
    void sharedFoldersAreNamed();
    void aStoppedSandboxOffersToStart();
    void sandboxesAreRenamedAndRemovedByKeyboard();
    void unsavedTextIsNamedBeforeItsSandboxIsRemoved();
    void unsavedTextOfASandboxThatAnotherRemovedIsOffered();
    void aNameThatIsNoneIsNotLost();
};

void TestWindowSandboxes::theFirstRunHasOneWayIn()
{
    WindowFixture fixture;
    fixture.open();
    QVERIFY(fixture.isShown("firstRun.new"));
    QVERIFY(!fixture.isShown("sandboxes.list"));
    fixture.press(Qt::Key_Space); // it has the focus
    QVERIFY(fixture.isShown("newSandbox"));
}

void TestWindowSandboxes::aSandboxIsCreatedWithATerminal()
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

void TestWindowSandboxes::aFailedCreationKeepsWhatWasTyped()
{
    WindowFixture fixture;
    fixture.open();
    fixture.find<QToolButton>("bar.menu")->setFocus();
    fixture.press(Qt::Key_Return);
    QTRY_VERIFY(fixture.find<QMenu>("menu")->isVisible());
    QVERIFY(!fixture.action("nextSandbox")->isEnabled());
    fixture.find<QMenu>("menu")->close();
    fixture.press(Qt::CTRL | Qt::SHIFT | Qt::Key_N); // as the page says
    QVERIFY(fixture.isShown("newSandbox"));
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

void TestWindowSandboxes::aFolderIsCopiedIn()
{
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    fixture.find<QRadioButton>("newSandbox.copy")->setChecked(true);
    fixture.settle();
    QVERIFY(fixture.prompter.asked().isEmpty()); // a choice alone asks for nothing
    for (const char* choice : {"newSandbox.mount", "newSandbox.copy"}) {
        fixture.find<QRadioButton>(choice)->setChecked(true);
        fixture.find<QWidget>("newSandbox.name")->setFocus();
        for (const char* next :
             {choice, "newSandbox.folder", "newSandbox.choose", "newSandbox.cancel"}) {
            fixture.press(Qt::Key_Tab);
            QVERIFY2(fixture.find<QWidget>(next)->hasFocus(), next);
        }
    }
    // The row for the folder came in, and cut off the texts below it.
    for (const char* name : {"newSandbox.copy.note", "newSandbox.mount.note"}) {
        const auto* note = fixture.find<QLabel>(name);
        QVERIFY2(note->height() >= note->heightForWidth(note->width()), name);
    }
    const QTemporaryDir home;
    const QString folder = home.filePath(QStringLiteral("Orders API"));
    fixture.prompter.willChooseFolder(folder);
    fixture.click("newSandbox.choose");
    QCOMPARE(fixture.find<QLineEdit>("newSandbox.name")->text(), QStringLiteral("orders-api"));
    fixture.click("newSandbox.create");
    QTRY_VERIFY(fixture.isShown("newSandbox.error"));
    QVERIFY(fixture.find<QLabel>("newSandbox.error")->text().contains(folder));
    QVERIFY(!fixture.backend.calls().contains(QStringLiteral("createSandbox orders-api")));
    QVERIFY(QDir().mkpath(folder));
    fixture.click("newSandbox.create");
    QTRY_COMPARE(fixture.backend.copiedFolder, folder);
    emit fixture.backend.copyProgress(fixture.backend.copy, 120, 3000);
    QCOMPARE(fixture.find<QLabel>("copying.what")->text(),
             QStringLiteral("Copying “Orders API” into “orders-api”."));
    QCOMPARE(fixture.find<QLabel>("copying.detail")->text(), QStringLiteral("120 of 3,000 files"));
    fixture.click("copying.stop");
    QVERIFY(!fixture.isShown("copying.stop"));
    QCOMPARE(fixture.find<QLabel>("copying.what")->text(),
             QStringLiteral("Copying “Orders API” was stopped."));
    QVERIFY(!fixture.isShown("errorStrip"));
    fixture.click("copying.dismiss");
    QVERIFY(!fixture.isShown("copying"));
}

/// Two at once told their progress in one strip, each overwriting the other's.
void TestWindowSandboxes::twoFoldersAreCopiedAtOnce()
{
    Bench bench;
    bench.open();
    const QTemporaryDir home;
    QList<quint64> copies;
    for (const char* name : {"first", "second"}) {
        const QString folder = home.filePath(QLatin1String(name));
        QVERIFY(QDir().mkpath(folder));
        bench.action("new")->trigger();
        bench.find<QRadioButton>("newSandbox.copy")->setChecked(true);
        bench.find<QLineEdit>("newSandbox.name")->setText(QLatin1String(name));
        bench.find<QLineEdit>("newSandbox.folder")->setText(folder);
        bench.click("newSandbox.create");
        QTRY_COMPARE(bench.backend.copiedFolder, folder);
        copies += bench.backend.copy;
        emit bench.backend.copyProgress(bench.backend.copy, copies.size(), 10);
    }
    const auto texts = [&] {
        QStringList said;
        for (const QLabel* label : bench.window().findChildren<QLabel*>()) {
            if (label->isVisible() && label->objectName().startsWith(QStringLiteral("copying.")) &&
                !label->text().isEmpty())
                said += label->text();
        }
        return said;
    };
    QCOMPARE(texts(), QStringList({QStringLiteral("Copying “first” into “first”."),
                                   QStringLiteral("1 of 10 files"),
                                   QStringLiteral("Copying “second” into “second”."),
                                   QStringLiteral("2 of 10 files")}));
    bench.backend.endCopy(copies[0], desk::CopyOutcome());
    bench.backend.endCopy(copies[1], desk::CopyOutcome{.leftOut = 2, .reasons = {"a: closed"}});
    bench.settle();
    QCOMPARE(texts(), QStringList({QStringLiteral("“second” was copied into “second”, except for 2 "
                                                  "files and folders."),
                                   QStringLiteral("a: closed · …")}));
}

/// Cancel closed the dialog only; the sandbox came all the same.
void TestWindowSandboxes::aCreationCanBeCancelled()
{
    Bench bench;
    bench.open();
    bench.action("new")->trigger();
    bench.find<QLineEdit>("newSandbox.name")->setText(QStringLiteral("orders"));
    bench.backend.hold();
    bench.click("newSandbox.create");
    bench.click("newSandbox.cancel");
    QVERIFY(!bench.isShown("newSandbox"));
    bench.backend.release();
    bench.settle();
    QCOMPARE(modelText(*bench.find<QListView>("sandboxes.list")->model()),
             QStringLiteral("bench\n"));
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("bench"));
    QCOMPARE(bench.find<QLabel>("note.what")->text(),
             QStringLiteral("Creating “orders” was cancelled. What was made of it is removed."));
}

/// A folder to mount that is not there was "It is not there any more.", said of the sandbox.
void TestWindowSandboxes::aFailedCreationSaysItsOwnReason()
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

void TestWindowSandboxes::aFolderThatCannotBeUsedIsNamedInPlace()
{
    const QTemporaryDir home;
    QFile file(home.filePath(QStringLiteral("file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    WindowFixture fixture;
    fixture.open();
    fixture.click("firstRun.new");
    for (const char* content : {"newSandbox.copy", "newSandbox.mount"}) {
        fixture.find<QRadioButton>(content)->setChecked(true);
        for (const auto& [path, why] :
             {std::pair(QStringLiteral("web"), QStringLiteral("whole path")),
              std::pair(home.filePath(QStringLiteral("none")),
                        QStringLiteral("There is no folder")),
              std::pair(file.fileName(), QStringLiteral("is a file"))}) {
            fixture.find<QLineEdit>("newSandbox.folder")->setText(path);
            fixture.click("newSandbox.create");
            QTRY_VERIFY(fixture.isShown("newSandbox.error"));
            const QString said = fixture.find<QLabel>("newSandbox.error")->text();
            QVERIFY2(said.contains(why), qPrintable(said));
        }
    }
    QVERIFY(fixture.backend.calls().filter(QStringLiteral("createSandbox")).isEmpty());
}

void TestWindowSandboxes::sharedFoldersAreNamed()
{
    Bench bench;
    bench.backend.at(bench.id).sandbox.mounts = {
        {.source = "/home/me/web", .target = "/workspace"},
        {.source = "/srv/data", .target = "/data", .readOnly = true}};
    bench.open();
    QCOMPARE(bench.find<ElidedLabel>("bar.shared")->text(),
             QStringLiteral("shares /home/me/web, /srv/data (read-only)"));
}

void TestWindowSandboxes::aStoppedSandboxOffersToStart()
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

void TestWindowSandboxes::sandboxesAreRenamedAndRemovedByKeyboard()
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

void TestWindowSandboxes::unsavedTextIsNamedBeforeItsSandboxIsRemoved()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    QTRY_COMPARE(bench.drafts().size(), 1);
    bench.prompter.willConfirm(true);
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_1);
    bench.press(Qt::Key_Delete);
    QVERIFY(bench.prompter.asked().last().contains(
        QStringLiteral("So is the unsaved text of one file.")));
    QTRY_COMPARE(bench.drafts().size(), 0);
    QCOMPARE(bench.errorText(), QString()); // it was asked
}

/// It went without a word, and the text with it: while the window looked on, and while it was closed.
void TestWindowSandboxes::unsavedTextOfASandboxThatAnotherRemovedIsOffered()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    QTest::keyClicks(bench.editor(), QStringLiteral("mine "));
    bench.backend.removeSandbox(bench.id); // before the draft is written
    bench.settle();
    QCOMPARE(bench.errorText(), QStringLiteral("“bench” was removed by another program."));
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("What you had not saved in it is kept until you dismiss this: "
                            "“notes.txt”."));
    bench.click("errorStrip.action");
    QTRY_COMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("mine one\ntwo\n"));

    // It is still offered: after a restart, too.
    QGuiApplication::clipboard()->clear();
    bench.reopen();
    QCOMPARE(bench.errorText(), QStringLiteral("A sandbox was removed by another program."));
    bench.click("errorStrip.action");
    QTRY_COMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("mine one\ntwo\n"));
    bench.click("errorStrip.dismiss");
    QCOMPARE(bench.errorText(), QString());
    QTRY_COMPARE(bench.drafts().size(), 0);
    bench.reopen();
    QCOMPARE(bench.errorText(), QString());
}

void TestWindowSandboxes::aNameThatIsNoneIsNotLost()
{
    Bench bench;
    bench.backend.addSandbox(QStringLiteral("other"));
    bench.open();
    auto* list = bench.find<QListView>("sandboxes.list");
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_1);
    bench.press(Qt::Key_F2);
    const auto edit = [&] { return bench.find<QLineEdit>("sandboxes.rename"); };
    QVERIFY(edit());
    for (const auto& [name, problem] :
         {std::pair("Not a name", "A name has only the letters a to z, digits and “-”."),
          std::pair("", "A name is needed."),
          std::pair("bench", "There is a sandbox of this name already.")}) {
        edit()->setText(QLatin1String(name));
        QTest::keyClick(edit(), Qt::Key_Return);
        bench.settle();
        QVERIFY(edit());
        QCOMPARE(edit()->text(), QLatin1String(name));
        QCOMPARE(bench.find<QLabel>("sandboxes.rename.problem")->text(),
                 QString::fromUtf8(problem));
    }
    bench.find("files.empty.action")->setFocus(); // a click elsewhere
    QVERIFY(edit());
    edit()->setText(QStringLiteral("crate"));
    QVERIFY(!bench.isShown("sandboxes.rename.problem"));
    edit()->setFocus();
    QTest::keyClick(edit(), Qt::Key_Return);
    bench.settle();
    QVERIFY(!edit());
    QCOMPARE(modelText(*list->model()), QStringLiteral("crate\nbench\n"));
}

QTEST_MAIN(TestWindowSandboxes)
#include "test_window_sandboxes.moc"
