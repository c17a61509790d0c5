// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/draft_store.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <latch>

using namespace caisson;

namespace {

const QString kBench = QStringLiteral("bench");
const QString kEtag = QStringLiteral("\"7\"");

std::function<QByteArray()> giving(const QByteArray& bytes)
{
    return [bytes] { return bytes; };
}

} // namespace

class TestDraftStore : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_parent = std::make_unique<QTemporaryDir>();
        open();
    }
    void whatIsWrittenIsThereAgain();
    void aLaterDraftOvertakesAnEarlier();
    void whatIsRemovedIsGone();
    void aDraftFollowsItsFile();
    void sandboxesAreForgotten();
    void foreignFilesAreLeftAlone();
    void aFolderThatCannotBeWrittenIsSaid();

private:
    QString folder() const { return m_parent->filePath(QStringLiteral("unsaved")); }
    void open()
    {
        m_store.reset(); // waits for its writer
        m_store = std::make_unique<DraftStore>(folder());
    }
    std::optional<Draft> read(const QByteArray& path) const
    {
        QFuture<std::optional<Draft>> draft = m_store->read(kBench, path);
        draft.waitForFinished();
        return draft.result();
    }
    qsizetype fileCount() const { return QDir(folder()).entryList(QDir::Files).size(); }

    void makeOld(int days) const
    {
        for (const QFileInfo& info : QDir(folder()).entryInfoList(QDir::Files)) {
            QFile file(info.filePath());
            QVERIFY(file.open(QIODevice::ReadWrite));
            const QDateTime then = QDateTime::currentDateTime().addDays(-days);
            QVERIFY(file.setFileTime(then, QFileDevice::FileModificationTime));
        }
    }

    std::unique_ptr<QTemporaryDir> m_parent;
    std::unique_ptr<DraftStore> m_store;
};

void TestDraftStore::whatIsWrittenIsThereAgain()
{
    const QByteArray odd = "/workspace/\xff odd\nname%2f";
    const QByteArray bytes("a\n\0\r\n\xff", 6);
    m_store->write(kBench, odd, kEtag, giving(bytes));
    QVERIFY(m_store->contains(kBench, odd));
    QCOMPARE(read(odd)->bytes, bytes);
    open();
    QCOMPARE(m_store->pathsOf(kBench), QList<QByteArray>{odd});
    QCOMPARE(read(odd)->bytes, bytes);
    QCOMPARE(read(odd)->etag, kEtag);
    QVERIFY(!m_store->contains(kBench, "/workspace/other"));
    QVERIFY(!read("/workspace/other"));
}

void TestDraftStore::aLaterDraftOvertakesAnEarlier()
{
    std::latch busy(1);
    m_store->write(kBench, "/a", kEtag, [&busy] {
        busy.wait();
        return QByteArray("first");
    });
    bool isEncoded = false;
    m_store->write(kBench, "/b", kEtag, [&isEncoded] {
        isEncoded = true;
        return QByteArray("second");
    });
    m_store->write(kBench, "/b", kEtag, giving("third"));
    busy.count_down();
    QCOMPARE(read("/b")->bytes, QByteArray("third"));
    QCOMPARE(read("/a")->bytes, QByteArray("first"));
    QVERIFY(!isEncoded);
}

void TestDraftStore::whatIsRemovedIsGone()
{
    m_store->write(kBench, "/a", kEtag, giving("x"));
    m_store->remove(kBench, "/a");
    QVERIFY(!m_store->contains(kBench, "/a"));
    open();
    QVERIFY(!m_store->contains(kBench, "/a"));
    QCOMPARE(fileCount(), 0);
}

void TestDraftStore::aDraftFollowsItsFile()
{
    m_store->write(kBench, "/a", kEtag, giving("x"));
    m_store->move(kBench, "/a", "/b");
    m_store->move(kBench, "/none", "/c");
    open();
    QCOMPARE(m_store->pathsOf(kBench), QList<QByteArray>{"/b"});
    QCOMPARE(read("/b")->bytes, QByteArray("x"));
    QCOMPARE(fileCount(), 1);
}

void TestDraftStore::sandboxesAreForgotten()
{
    for (const char* sandbox : {"bench", "other", "third"})
        m_store->write(QLatin1String(sandbox), "/a", kEtag, giving("x"));
    m_store->removeSandbox(QStringLiteral("other"));
    open();
    m_store->keepSandboxes({kBench});
    open();
    QVERIFY(m_store->contains(QStringLiteral("third"), "/a")); // it may be listed yet
    QCOMPARE(fileCount(), 2);
    makeOld(31);
    m_store->keepSandboxes({kBench});
    open();
    QVERIFY(m_store->contains(kBench, "/a"));
    QCOMPARE(fileCount(), 1);
}

void TestDraftStore::foreignFilesAreLeftAlone()
{
    QVERIFY(QDir().mkpath(folder()));
    QFile file(folder() + QStringLiteral("/mine.draft"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("not a draft");
    file.close();
    open();
    m_store->keepSandboxes({});
    open();
    QVERIFY(file.exists());
}

void TestDraftStore::aFolderThatCannotBeWrittenIsSaid()
{
    QFile file(folder());
    QVERIFY(file.open(QIODevice::WriteOnly)); // where the folder should be
    QSignalSpy failed(m_store.get(), &DraftStore::failed);
    m_store->write(kBench, "/a", kEtag, giving("x"));
    QTRY_COMPARE(failed.size(), 1);
}

QTEST_GUILESS_MAIN(TestDraftStore)
#include "test_draft_store.moc"
