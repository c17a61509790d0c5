// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"
#include "tests/support/model_text.h"
#include "widgets/models/file_tree_model.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <memory>

using namespace caisson;
using test::FakeBackend;
using test::modelText;

namespace {

/// A model on a sandbox in memory, kept true by a watch as the window does it.
struct Tree
{
    explicit Tree(const QList<QByteArray>& files = {})
    {
        id = backend.addSandbox(QStringLiteral("box"));
        for (const QByteArray& file : files) {
            if (file.endsWith('/'))
                backend.putFolder(id, "/workspace/" + file.chopped(1));
            else
                backend.putFile(id, "/workspace/" + file, "x");
        }
        model = std::make_unique<FileTreeModel>(backend, id, "/workspace");
        tester = std::make_unique<QAbstractItemModelTester>(model.get());
        tester->setUseFetchMore(false); // or it would open every folder
        link = backend.watch(id, "/workspace");
        QObject::connect(link.get(), &desk::WatchLink::events, model.get(),
                         &FileTreeModel::applyEvents);
        model->load();
        settle();
    }

    /// Everything that was asked is answered.
    static void settle()
    {
        for (int turn = 0; turn < 20; ++turn)
            QCoreApplication::processEvents();
    }

    QModelIndex at(const QByteArray& path) const { return model->indexOf("/workspace/" + path); }
    void open(const QByteArray& path) const
    {
        model->fetchMore(at(path));
        settle();
    }
    QString text() const { return modelText(*model); }

    FakeBackend backend;
    QString id;
    std::unique_ptr<FileTreeModel> model;
    std::unique_ptr<QAbstractItemModelTester> tester;
    std::unique_ptr<desk::WatchLink> link;
};

} // namespace

class TestFileTreeModel : public QObject
{
    Q_OBJECT

private slots:
    void foldersComeFirstAndNamesInTheirNaturalOrder();
    void aFolderIsReadWhenItIsOpened();
    void whatAProgramDoesIsFollowed();
    void aSavedFileKeepsItsRow();
    void aMovedFolderKeepsWhatIsOpenInIt();
    void hiddenFilesComeAndGo();
    void oddNamesAreShownEscaped();
    void symlinksAreToldApart();
    void lostEventsAreMadeGoodByReadingAnew();
    void changesDuringAReadingAreNotLost();
    void manyFilesAtOnceAreReadAsOneFolder();
    void neighboursAreOneChange();
    void anOldReadingTakesNothingAway();
    void aLargeFolderIsRead();
    void aFileIsMadeInPlace();
    void aFolderIsMadeInPlace();
    void aTakenNameIsRefused();
    void aRenamedFolderKeepsItsRow();
    void aFileIsRenamedAndDeleted();
    void aFailureIsSaid();
    void aFolderThatCannotBeReadSaysWhy();
};

void TestFileTreeModel::foldersComeFirstAndNamesInTheirNaturalOrder()
{
    const Tree tree({"file10", "File2", "file1", "zoo/", "Apple/", "README.md"});
    QCOMPARE(tree.text(), QStringLiteral("Apple\nzoo\nfile1\nFile2\nfile10\nREADME.md\n"));
}

void TestFileTreeModel::aFolderIsReadWhenItIsOpened()
{
    const Tree tree({"src/", "src/main.c", "src/lib/", "src/lib/a.c"});
    QCOMPARE(tree.text(), QStringLiteral("src\n"));
    QVERIFY(tree.model->hasChildren(tree.at("src")));
    tree.open("src");
    QCOMPARE(tree.text(), QStringLiteral("src\n  lib\n  main.c\n"));
    tree.open("src/lib");
    QCOMPARE(tree.text(), QStringLiteral("src\n  lib\n    a.c\n  main.c\n"));
}

void TestFileTreeModel::whatAProgramDoesIsFollowed()
{
    Tree tree({"b"});
    tree.backend.putFile(tree.id, "/workspace/a", "1");
    tree.backend.putFolder(tree.id, "/workspace/dir");
    tree.backend.putFile(tree.id, "/workspace/dir/unseen", "1");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\na\nb\n"));
    tree.backend.deleteFile(tree.id, "/workspace/b");
    tree.backend.moveFile(tree.id, "/workspace/a", "/workspace/z");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\nz\n"));
    tree.backend.moveFile(tree.id, "/workspace/z", "/workspace/dir/z");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\n"));
    tree.open("dir");
    QCOMPARE(tree.text(), QStringLiteral("dir\n  unseen\n  z\n"));
    tree.backend.deleteFile(tree.id, "/workspace/dir");
    tree.settle();
    QCOMPARE(tree.text(), QString());
}

/// Editors save by writing a neighbour and renaming it over the file. The row was taken away and
/// put back, and with it went the selection.
void TestFileTreeModel::aSavedFileKeepsItsRow()
{
    Tree tree({"a", "b"});
    const QPersistentModelIndex row = tree.at("a");
    tree.backend.putFile(tree.id, "/workspace/a.tmp", "new");
    tree.settle();
    tree.backend.moveFile(tree.id, "/workspace/a.tmp", "/workspace/a");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("a\nb\n"));
    QVERIFY(row.isValid());
}

void TestFileTreeModel::aMovedFolderKeepsWhatIsOpenInIt()
{
    Tree tree({"src/", "src/main.c", "other/", "z"});
    tree.open("src");
    tree.open("other");
    const QPersistentModelIndex file = tree.at("src/main.c");
    tree.backend.moveFile(tree.id, "/workspace/src", "/workspace/yard");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("other\nyard\n  main.c\nz\n"));
    QVERIFY(file.isValid());
    tree.backend.moveFile(tree.id, "/workspace/yard", "/workspace/other/yard");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("other\n  yard\n    main.c\nz\n"));
    QCOMPARE(file.data(FileTreeModel::PathRole).toByteArray(),
             QByteArray("/workspace/other/yard/main.c"));
}

void TestFileTreeModel::hiddenFilesComeAndGo()
{
    Tree tree({".git/", ".git/config", ".git/.x", "a", ".env"});
    QCOMPARE(tree.text(), QStringLiteral("a\n"));
    tree.model->setHiddenFiles(HiddenFiles::Show);
    QCOMPARE(tree.text(), QStringLiteral(".git\n.env\na\n"));
    tree.open(".git");
    QCOMPARE(tree.text(), QStringLiteral(".git\n  .x\n  config\n.env\na\n"));
    tree.model->setHiddenFiles(HiddenFiles::Leave);
    QCOMPARE(tree.text(), QStringLiteral("a\n"));
    tree.backend.putFile(tree.id, "/workspace/.git/HEAD", "1");
    tree.backend.putFile(tree.id, "/workspace/.new", "1");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("a\n"));
    tree.model->setHiddenFiles(HiddenFiles::Show);
    QCOMPARE(tree.text(), QStringLiteral(".git\n  .x\n  config\n  HEAD\n.env\n.new\na\n"));
}

void TestFileTreeModel::oddNamesAreShownEscaped()
{
    const Tree tree({"a\nb", "bad\xff\xfe", "blau\xc3\xa4", "x\xe2\x80\xaegpj.exe"});
    QCOMPARE(tree.text(),
             QStringLiteral("a\\x0ab\nbad\\xff\\xfe\nblau\u00e4\nx\\u{202e}gpj.exe\n"));
    QCOMPARE(tree.model->index(1, 0).data(FileTreeModel::PathRole).toByteArray(),
             QByteArray("/workspace/bad\xff\xfe"));
}

void TestFileTreeModel::symlinksAreToldApart()
{
    Tree tree({"dir/", "dir/inner"});
    tree.backend.putSymlink(tree.id, "/workspace/nowhere", "missing");
    tree.backend.putSymlink(tree.id, "/workspace/way", "dir");
    tree.settle();
    QCOMPARE(modelText(*tree.model, {FileTreeModel::SymlinkRole, FileTreeModel::FolderRole,
                                     FileTreeModel::DanglingRole}),
             QStringLiteral("dir|false|true|false\nway|true|true|false\n"
                            "nowhere|true|false|true\n"));
    QVERIFY(tree.at("nowhere")
                .data(Qt::ToolTipRole)
                .toString()
                .contains(QStringLiteral("missing (not there)")));
}

void TestFileTreeModel::lostEventsAreMadeGoodByReadingAnew()
{
    Tree tree({"src/", "src/a", "src/b", "top"});
    tree.open("src");
    const QPersistentModelIndex kept = tree.at("src/b");
    FakeBackend& backend = tree.backend;
    backend.at(tree.id).files.erase("/workspace/src/a");
    backend.at(tree.id).files["/workspace/src/c"] = {};
    backend.tellWatches(tree.id, {{.type = "overflow", .path = {}, .from = {}, .to = {}}});
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("src\n  b\n  c\ntop\n"));
    QVERIFY(kept.isValid());
}

/// A listing under way when a file was made came back without it, and the file stayed unseen.
void TestFileTreeModel::changesDuringAReadingAreNotLost()
{
    Tree tree({"a"});
    tree.model->rescan();
    tree.backend.putFile(tree.id, "/workspace/b", "1");
    tree.backend.putFile(tree.id, "/workspace/c", "1");
    tree.backend.deleteFile(tree.id, "/workspace/a");
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("b\nc\n"));
}

void TestFileTreeModel::manyFilesAtOnceAreReadAsOneFolder()
{
    Tree tree;
    tree.backend.forgetCalls();
    for (int i = 0; i < 500; ++i)
        tree.backend.putFile(tree.id, "/workspace/f" + QByteArray::number(i), "1");
    tree.settle();
    QCOMPARE(tree.model->rowCount(), 500);
    const auto asked = tree.backend.calls().filter(QStringLiteral("statFile")).size();
    QVERIFY2(asked <= 64, qPrintable(QString::number(asked)));
}

/// Each of 20,000 files that a program made was a change of its own to the view, and each that a
/// reading missed was searched for from the beginning: the window stood still for half a second.
void TestFileTreeModel::neighboursAreOneChange()
{
    Tree tree({"a", "many/", "z"});
    tree.open("many");
    const QSignalSpy inserted(tree.model.get(), &FileTreeModel::rowsInserted);
    const QSignalSpy removed(tree.model.get(), &FileTreeModel::rowsRemoved);
    QList<api::WatchEvent> events;
    for (int i = 0; i < 30; ++i) {
        const QByteArray path = "/workspace/many/file" + QByteArray::number(i * 7 % 30);
        tree.backend.at(tree.id).files[path] = {};
        api::WatchEvent event;
        event.type = "created";
        event.path = api::FileName{path.toStdString()};
        events += event;
    }
    tree.model->applyEvents(events);
    QCOMPARE(tree.model->rowCount(tree.at("many")), 30);
    QCOMPARE(inserted.size(), 1);
    Tree::settle();
    QCOMPARE(inserted.size(), 1);

    // Read anew, with all of them gone but the one in the middle.
    for (int i = 0; i < 30; ++i) {
        if (i != 15)
            tree.backend.at(tree.id).files.erase("/workspace/many/file" + QByteArray::number(i));
    }
    tree.model->refresh(tree.at("many"));
    Tree::settle();
    QCOMPARE(tree.text(), QStringLiteral("many\n  file15\na\nz\n"));
    QCOMPARE(removed.size(), 2);

    // Hidden files come and go likewise.
    for (int i = 0; i < 30; ++i)
        tree.backend.putFile(tree.id, "/workspace/many/.h" + QByteArray::number(i), "");
    Tree::settle();
    const qsizetype before = inserted.size();
    tree.model->setHiddenFiles(HiddenFiles::Show);
    QCOMPARE(tree.model->rowCount(tree.at("many")), 31);
    QCOMPARE(inserted.size(), before + 1);
    tree.model->setHiddenFiles(HiddenFiles::Leave);
    QCOMPARE(tree.model->rowCount(tree.at("many")), 1);
    QCOMPARE(removed.size(), 3);
}

/// Files that turned up while their folder was read vanished and came again.
void TestFileTreeModel::anOldReadingTakesNothingAway()
{
    Tree tree({"dir/", "dir/a"});
    tree.open("dir");
    tree.backend.hold();
    tree.model->refresh(tree.at("dir"));
    const QSignalSpy removed(tree.model.get(), &FileTreeModel::rowsRemoved);
    tree.backend.putFile(tree.id, "/workspace/dir/b", "");
    api::WatchEvent event;
    event.type = "created";
    event.path = api::FileName{"/workspace/dir/b"};
    tree.model->applyEvents({event});
    QCOMPARE(tree.text(), QStringLiteral("dir\n  a\n  b\n"));
    tree.backend.release();
    Tree::settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\n  a\n  b\n"));
    QCOMPARE(removed.size(), 0);
}

void TestFileTreeModel::aLargeFolderIsRead()
{
    Tree tree({"many/"});
    for (int i = 0; i < 1000; ++i)
        tree.backend.at(tree.id).files["/workspace/many/" + QByteArray::number(i)] = {};
    tree.model->fetchMore(tree.at("many"));
    QTRY_COMPARE(tree.model->rowCount(tree.at("many")), 1000);
    QCOMPARE(tree.model->index(10, 0, tree.at("many")).data().toString(), QStringLiteral("10"));
    QVERIFY(!tree.model->isReading());
    // What a program changes meanwhile is read again, later.
    tree.model->refresh(tree.at("many"));
    tree.backend.deleteFile(tree.id, "/workspace/many/10");
    QTRY_COMPARE(tree.model->rowCount(tree.at("many")), 999);
    QTRY_VERIFY(!tree.model->isReading());
    QCOMPARE(tree.model->rowCount(tree.at("many")), 999);
}

void TestFileTreeModel::aFileIsMadeInPlace()
{
    Tree tree({"dir/", "a"});
    QSignalSpy created(tree.model.get(), &FileTreeModel::fileCreated);
    const QModelIndex draft = tree.model->addDraft({}, api::FileType::File);
    QCOMPARE(tree.text(), QStringLiteral("dir\n\na\n"));
    QVERIFY(tree.model->setData(draft, QStringLiteral("new.txt")));
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\na\nnew.txt\n"));
    QCOMPARE(created.size(), 1);
    QCOMPARE(tree.backend.bytesOf(tree.id, "/workspace/new.txt"), QByteArray());
}

void TestFileTreeModel::aFolderIsMadeInPlace()
{
    Tree tree({"dir/", "a"});
    tree.open("dir");
    const QModelIndex draft = tree.model->addDraft(tree.at("dir"), api::FileType::Directory);
    QVERIFY(tree.model->setData(draft, QStringLiteral("sub")));
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\n  sub\na\n"));
    tree.model->addDraft({}, api::FileType::File);
    tree.model->cancelDraft();
    QCOMPARE(tree.text(), QStringLiteral("dir\n  sub\na\n"));
}

void TestFileTreeModel::aTakenNameIsRefused()
{
    Tree tree({"a"});
    const QModelIndex draft = tree.model->addDraft({}, api::FileType::File);
    QCOMPARE(tree.model->nameProblem(draft, QStringLiteral("a")),
             QStringLiteral("There is a file of this name already."));
    QCOMPARE(tree.model->nameProblem(draft, QStringLiteral("b")), QString());
    QVERIFY(!tree.model->setData(draft, QStringLiteral("a")));
    QVERIFY(!tree.model->setData(draft, QStringLiteral("b/c")));
    QVERIFY(!tree.model->setData(draft, QStringLiteral("..")));
    tree.model->cancelDraft();
    QCOMPARE(tree.text(), QStringLiteral("a\n"));
}

/// The watch tells of it, and so does the answer: the second time the row was taken away and put
/// back, and the selection went to its neighbour.
void TestFileTreeModel::aRenamedFolderKeepsItsRow()
{
    Tree tree({"dir/", "dir/a", "zoo/"});
    tree.open("dir");
    const QPersistentModelIndex row = tree.at("dir");
    QVERIFY(tree.model->setData(row, QStringLiteral("renamed")));
    tree.settle();
    api::WatchEvent again;
    again.type = "moved";
    again.from = api::FileName{"/workspace/dir"};
    again.to = api::FileName{"/workspace/renamed"};
    again.directory = true;
    tree.model->applyEvents({again});
    tree.settle();
    QVERIFY(row.isValid());
    QCOMPARE(row, tree.at("renamed"));
    QCOMPARE(tree.text(), QStringLiteral("renamed\n  a\nzoo\n"));
}

void TestFileTreeModel::aFileIsRenamedAndDeleted()
{
    Tree tree({"a", "c"});
    QVERIFY(tree.model->setData(tree.at("a"), QStringLiteral("d")));
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("c\nd\n"));
    tree.model->removeFile(tree.at("c"));
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("d\n"));
}

void TestFileTreeModel::aFailureIsSaid()
{
    Tree tree({"a"});
    QSignalSpy failed(tree.model.get(), &FileTreeModel::actionFailed);
    tree.backend.failNext(QStringLiteral("removeFile"), ErrorCode::PermissionDenied);
    tree.model->removeFile(tree.at("a"));
    tree.settle();
    QCOMPARE(failed.size(), 1);
    QCOMPARE(failed[0][0].toString(), QStringLiteral("Could not delete “a”."));
    QCOMPARE(tree.text(), QStringLiteral("a\n"));
}

void TestFileTreeModel::aFolderThatCannotBeReadSaysWhy()
{
    Tree tree({"dir/", "dir/x"});
    QSignalSpy failed(tree.model.get(), &FileTreeModel::folderFailed);
    tree.backend.failNext(QStringLiteral("listFolder"), ErrorCode::PermissionDenied);
    tree.open("dir");
    QCOMPARE(failed.size(), 1);
    tree.model->refresh(tree.at("dir"));
    tree.settle();
    QCOMPARE(tree.text(), QStringLiteral("dir\n  x\n"));
    // One that has just gone is not worth a word.
    tree.backend.failNext(QStringLiteral("listFolder"), ErrorCode::NotFound);
    tree.model->refresh(tree.at("dir"));
    tree.settle();
    QCOMPARE(failed.size(), 1);
}

QTEST_MAIN(TestFileTreeModel)
#include "test_file_tree_model.moc"
