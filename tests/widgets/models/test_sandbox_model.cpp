// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"
#include "tests/support/model_text.h"
#include "widgets/models/sandbox_actions.h"
#include "widgets/models/sandbox_model.h"
#include "widgets/models/sandbox_name.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace caisson;
using test::FakeBackend;
using test::modelText;

namespace {

struct Sandboxes
{
    FakeBackend backend;
    SandboxModel model;
    QAbstractItemModelTester tester{&model};
    SandboxActions actions{backend, model};

    static void settle()
    {
        for (int turn = 0; turn < 20; ++turn)
            QCoreApplication::processEvents();
    }
    void load()
    {
        backend.connectToHost();
        settle();
    }
    QString text() const { return modelText(model, {SandboxModel::StateTextRole}); }
};

} // namespace

class TestSandboxModel : public QObject
{
    Q_OBJECT

private slots:
    void theNewestComesFirst();
    void changesAreFollowed();
    void aTaskIsShownWhileItLasts();
    void aNameIsTypedInPlace();
    void aFailedRenameLeavesTheName();
    void removingTakesTheRow();
    void aNewSandboxCanBeginWithACopy();
    void aNewSandboxCanBeginWithAMount();
    void anAbandonedCreationLeavesNothing();
    void aFailedCreationIsSaid();
    void newsDuringAListingAreNotLost();
    void namesAreChecked();
};

void TestSandboxModel::theNewestComesFirst()
{
    Sandboxes boxes;
    boxes.backend.addSandbox(QStringLiteral("old"));
    boxes.backend.addSandbox(QStringLiteral("middle"), api::SandboxState::Stopped);
    boxes.backend.addSandbox(QStringLiteral("new"), api::SandboxState::Failed);
    boxes.load();
    QCOMPARE(boxes.text(), QStringLiteral("new|failed\nmiddle|stopped\nold|running\n"));
}

void TestSandboxModel::changesAreFollowed()
{
    Sandboxes boxes;
    const QString id = boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.load();
    boxes.backend.setState(id, api::SandboxState::Failed, QStringLiteral("its keeper was killed"));
    boxes.settle();
    QCOMPARE(modelText(boxes.model, {SandboxModel::StateTextRole, SandboxModel::WhyRole}),
             QStringLiteral("box|failed|its keeper was killed\n"));
}

void TestSandboxModel::aTaskIsShownWhileItLasts()
{
    Sandboxes boxes;
    const QString id = boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.load();
    boxes.backend.hold();
    boxes.actions.stop(id);
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("box|stopping…\n"));
    boxes.backend.release();
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("box|stopped\n"));
    QSignalSpy started(&boxes.actions, &SandboxActions::started);
    boxes.actions.start(id);
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("box|running\n"));
    QCOMPARE(started.size(), 1);
}

void TestSandboxModel::aNameIsTypedInPlace()
{
    Sandboxes boxes;
    boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.load();
    QVERIFY(boxes.model.setData(boxes.model.index(0), QStringLiteral(" crate ")));
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("crate|running\n"));
}

void TestSandboxModel::aFailedRenameLeavesTheName()
{
    Sandboxes boxes;
    boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.load();
    QSignalSpy failed(&boxes.actions, &SandboxActions::failed);
    boxes.backend.failNext(QStringLiteral("renameSandbox"), ErrorCode::Exists,
                           QStringLiteral("there is a sandbox of that name"));
    boxes.model.setData(boxes.model.index(0), QStringLiteral("crate"));
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("box|running\n"));
    QCOMPARE(failed.size(), 1);
    QCOMPARE(failed[0][0].toString(), QStringLiteral("Could not rename “box”."));
}

void TestSandboxModel::removingTakesTheRow()
{
    Sandboxes boxes;
    const QString id = boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.backend.addSandbox(QStringLiteral("other"));
    boxes.load();
    boxes.actions.remove(id);
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("other|running\n"));
}

void TestSandboxModel::aNewSandboxCanBeginWithACopy()
{
    Sandboxes boxes;
    boxes.load();
    QSignalSpy created(&boxes.actions, &SandboxActions::created);
    QSignalSpy copying(&boxes.actions, &SandboxActions::copying);
    QSignalSpy ended(&boxes.actions, &SandboxActions::copied);
    boxes.actions.create({.name = QStringLiteral("box"),
                          .content = SandboxContent::CopiedFolder,
                          .folder = QStringLiteral("/src/project")});
    boxes.settle();
    QCOMPARE(created.size(), 1);
    QCOMPARE(boxes.backend.copiedFolder, QStringLiteral("/src/project"));
    QCOMPARE(boxes.text(), QStringLiteral("box|copying…\n"));
    emit boxes.backend.copyProgress(boxes.backend.copy, 3, 10);
    QCOMPARE(copying.last().at(0).value<FolderCopying>().filesDone, 3);
    QCOMPARE(copying.last().at(0).value<FolderCopying>().folder, QStringLiteral("project"));
    boxes.backend.endCopy(desk::CopyOutcome());
    boxes.settle();
    QCOMPARE(ended.size(), 1);
    QCOMPARE(boxes.text(), QStringLiteral("box|running\n"));
}

void TestSandboxModel::aNewSandboxCanBeginWithAMount()
{
    Sandboxes boxes;
    boxes.load();
    boxes.actions.create({.name = QStringLiteral("box"),
                          .content = SandboxContent::MountedFolder,
                          .folder = QStringLiteral("/src/project")});
    boxes.settle();
    const auto& mounts = boxes.backend.at(boxes.backend.idOf(QStringLiteral("box"))).sandbox.mounts;
    QCOMPARE(mounts.size(), 1);
    QCOMPARE(mounts[0].source, "/src/project");
    QCOMPARE(mounts[0].target, "/workspace");
}

/// Cancel closed the dialog, and the sandbox came all the same.
void TestSandboxModel::anAbandonedCreationLeavesNothing()
{
    Sandboxes boxes;
    boxes.load();
    QSignalSpy created(&boxes.actions, &SandboxActions::created);
    QSignalSpy failed(&boxes.actions, &SandboxActions::createFailed);
    QSignalSpy abandoned(&boxes.actions, &SandboxActions::abandoned);
    boxes.actions.abandon(boxes.actions.create({.name = QStringLiteral("first")}));
    boxes.actions.create({.name = QStringLiteral("second")});
    boxes.settle();
    QCOMPARE(abandoned.size(), 1);
    QCOMPARE(abandoned.last().at(0).toString(), QStringLiteral("first"));
    QCOMPARE(created.size(), 1);
    QCOMPARE(boxes.text(), QStringLiteral("second|running\n"));
    QVERIFY(boxes.backend.calls().contains(QStringLiteral("removeSandbox first")));
    boxes.backend.failNext(QStringLiteral("createSandbox"), ErrorCode::RuntimeFailed);
    boxes.actions.abandon(boxes.actions.create({}));
    boxes.settle();
    QCOMPARE(failed.size(), 0);
}

void TestSandboxModel::aFailedCreationIsSaid()
{
    Sandboxes boxes;
    boxes.load();
    QSignalSpy failed(&boxes.actions, &SandboxActions::createFailed);
    boxes.backend.failNext(QStringLiteral("createSandbox"), ErrorCode::RuntimeFailed);
    boxes.actions.create({});
    boxes.settle();
    QCOMPARE(failed.size(), 1);
    QCOMPARE(boxes.model.rowCount(), 0);
}

/// A list that was read before a change and came after it took the change back.
void TestSandboxModel::newsDuringAListingAreNotLost()
{
    Sandboxes boxes;
    const QString id = boxes.backend.addSandbox(QStringLiteral("box"));
    boxes.load();
    boxes.actions.refresh();
    boxes.backend.at(id).sandbox.state = api::SandboxState::Stopped;
    emit boxes.backend.sandboxChanged(boxes.backend.at(id).sandbox);
    boxes.settle();
    QCOMPARE(boxes.text(), QStringLiteral("box|stopped\n"));
}

void TestSandboxModel::namesAreChecked()
{
    QCOMPARE(sandboxNameProblem(QStringLiteral("api-refactor")), QString());
    for (const char* bad : {"", "A", "a b", "-a", "a-", "0123456789ab"})
        QVERIFY2(!sandboxNameProblem(QString::fromLatin1(bad)).isEmpty(), bad);
    QCOMPARE(sandboxNameFor(QStringLiteral("My Project (2)")), QStringLiteral("my-project-2"));
    QCOMPARE(sandboxNameFor(QStringLiteral("Bäume")), QStringLiteral("baume"));
    QCOMPARE(sandboxNameFor(QStringLiteral("日本")), QString());
}

QTEST_MAIN(TestSandboxModel)
#include "test_sandbox_model.moc"
