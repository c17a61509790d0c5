// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/secret_keeper.h"
#include "tests/support/fake_backend.h"
#include "widgets/models/secret_model.h"

#include <QAbstractItemModelTester>
#include <QTest>
#include <memory>

using namespace caisson;
using namespace std::chrono_literals;
using test::FakeBackend;

namespace {

void settle()
{
    for (int turn = 0; turn < 40; ++turn)
        QCoreApplication::processEvents();
}

QString textOf(const SecretModel& model)
{
    QString text;
    for (int row = 0; row < model.rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < SecretModel::Columns; ++column)
            cells += model.index(row, column).data().toString();
        text += cells.join(QLatin1Char('|')) + QLatin1Char('\n');
    }
    return text;
}

/// A keychain that is locked: it answers when the person has answered its dialog.
class LockedStore : public desk::MemoryStore
{
public:
    QFuture<Result<QString>> read(const QString& name) override
    {
        if (!isLocked)
            return MemoryStore::read(name);
        m_reads.append({name, {}, makePromise<QString>()});
        return m_reads.last().promise->future();
    }
    QFuture<Result<void>> write(const QString& name, const QString& value) override
    {
        if (!isLocked)
            return MemoryStore::write(name, value);
        m_writes.append({name, value, makePromise<void>()});
        return m_writes.last().promise->future();
    }
    void answerReads(bool isUnlocked)
    {
        for (const auto& held : std::exchange(m_reads, {})) {
            held.promise->addResult(
                isUnlocked ? MemoryStore::read(held.name).result()
                           : Result<QString>(fail(ErrorCode::NotFound, "no such secret")));
            held.promise->finish();
        }
    }
    void answerWrites(bool isUnlocked)
    {
        for (const auto& held : std::exchange(m_writes, {})) {
            held.promise->addResult(
                isUnlocked ? MemoryStore::write(held.name, held.value).result()
                           : Result<void>(fail(ErrorCode::PermissionDenied, "it is locked")));
            held.promise->finish();
        }
    }
    bool isLocked = true;

private:
    template<class T>
    struct Held
    {
        QString name;
        QString value;
        std::shared_ptr<QPromise<Result<T>>> promise;
    };
    template<class T>
    static std::shared_ptr<QPromise<Result<T>>> makePromise()
    {
        auto promise = std::make_shared<QPromise<Result<T>>>();
        promise->start();
        return promise;
    }
    QList<Held<QString>> m_reads;
    QList<Held<void>> m_writes;
};

/// A keeper on a host and a keychain in memory, and all that it said.
template<class Store>
struct DeskOn
{
    DeskOn()
    {
        using desk::SecretKeeper;
        QObject::connect(
            &keeper, &SecretKeeper::stored, [this](const QString& name, SecretKeeper::Kept kept) {
                const char* const words[] = {"kept", "until reboot",
                                             "until reboot, "
                                             "locked",
                                             "until unlocked"};
                said += QStringLiteral("stored %1 %2").arg(name, words[static_cast<int>(kept)]);
            });
        QObject::connect(&keeper, &SecretKeeper::removed,
                         [this](const QString& name) { said += "removed " + name; });
        QObject::connect(
            &keeper, &SecretKeeper::putFailed, [this](const QString& name, const Error& error) {
                said += "not put " + name + ": " + QString::fromStdString(error.message);
            });
        QObject::connect(&keeper, &SecretKeeper::restoreFailed,
                         [this](const QString& name, const Error&) { said += "lost " + name; });
    }
    void forget(const char* name) { backend.secrets[name].known = false; }
    void reconnect()
    {
        backend.setLink(desk::LinkState::Connected);
        settle();
    }

    FakeBackend backend;
    Store store;
    desk::SecretKeeper keeper{backend, store, nullptr,
                              std::is_same_v<Store, LockedStore> ? 0ms : 1h};
    QStringList said;
};
using Desk = DeskOn<desk::MemoryStore>;

} // namespace

class TestSecretModel : public QObject
{
    Q_OBJECT

private slots:
    void usesAreShown();
    void namesAreChecked();
    void aSecretIsKeptInTheKeychain();
    void withoutAKeychainItLastsUntilTheRestart();
    void afterARestartItIsPutBack();
    void whatTheKeychainDoesNotGiveIsSaidOnce();
    void whatIsRemovedElsewhereDoesNotLinger();
    void aRefusedValueIsNotKept();
    void aLockedKeychainHoldsNothingUp();
    void aKeychainThatStaysLockedIsAskedAgain();
    void aValueThatIsTypedIsNotReplacedByAnOlderOne();
    void whatIsRemovedDoesNotComeBack();
};

void TestSecretModel::usesAreShown()
{
    SecretModel model;
    const QAbstractItemModelTester tester(&model);
    model.setNaming([](const QString& id) {
        return id == QLatin1String("1") ? QStringLiteral("bench") : QString();
    });
    api::SecretInfo github{.name = "github", .created = {}, .lasts = "reboot", .uses = {}};
    github.uses.push_back(
        {.sandbox = "1",
         .rule = "r1",
         .host = "api.github.com",
         .time = "2026-01-01T00:00:00.000Z",
         .process = {.pid = 1, .exe = "/usr/bin/git", .cmdline = {}, .parents = {}}});
    model.reset({{.name = "npm", .created = {}, .lasts = "file", .uses = {}}, github});
    QCOMPARE(
        textOf(model),
        QStringLiteral("github|api.github.com in bench|2026-01-01T00:00:00.000Z|git|until this "
                       "machine restarts\n"
                       "npm|not used yet|||in a file, with a passphrase\n"));
    github.lasts = "keychain";
    github.known = true;
    github.uses[0].sandbox = "2";
    model.reset({github});
    QCOMPARE(
        textOf(model),
        QStringLiteral("github|api.github.com|2026-01-01T00:00:00.000Z|git|in the keychain\n"));
    // Neither the host nor the program is taken for a part of the sentence.
    api::SecretInfo twice = github;
    twice.uses[0].host = "%2.example";
    twice.uses[0].process.exe = "/tmp/git, 1 Jan";
    twice.uses.push_back(twice.uses[0]);
    model.reset({twice});
    QCOMPARE(model.index(0, SecretModel::Where).data().toString(),
             QStringLiteral("%2.example, and 1 more"));
    QVERIFY(model.usesText(0).first().startsWith(
        QStringLiteral("%2.example, rule r1, by “git, 1 Jan”, ")));
    github.known = false; // after a restart
    model.reset({github});
    QVERIFY(textOf(model).startsWith(QStringLiteral("github|its value is not at hand|")));
    QVERIFY(model.has(QStringLiteral("github")));
    QVERIFY(!model.has(QStringLiteral("npm")));
}

void TestSecretModel::namesAreChecked()
{
    for (const char* name : {"github", "my-key_2", "a.b"})
        QVERIFY(secretNameProblem(QString::fromLatin1(name)).isEmpty());
    for (const char* name : {"", "a b", "-x", "a}b", "../x"})
        QVERIFY(!secretNameProblem(QString::fromLatin1(name)).isEmpty());
    QVERIFY(!secretNameProblem(QString(65, 'a')).isEmpty());
}

void TestSecretModel::aSecretIsKeptInTheKeychain()
{
    Desk desk;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    QCOMPARE(desk.store.values.value(QStringLiteral("github")), QStringLiteral("hunter2"));
    QCOMPARE(desk.backend.secretValues["github"], "hunter2");
    QCOMPARE(desk.backend.secrets["github"].lasts, "keychain");
    desk.keeper.remove(QStringLiteral("github"));
    settle();
    QVERIFY(desk.store.values.isEmpty());
    QVERIFY(desk.backend.secrets.empty());
    QCOMPARE(desk.said, (QStringList{"stored github kept", "removed github"}));
}

void TestSecretModel::withoutAKeychainItLastsUntilTheRestart()
{
    Desk desk;
    desk.store.available = false;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    QCOMPARE(desk.backend.secrets["github"].lasts, "reboot");
    QCOMPARE(desk.said, QStringList{"stored github until reboot"});
}

void TestSecretModel::afterARestartItIsPutBack()
{
    Desk desk;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    desk.backend.secretValues.clear();
    desk.forget("github");
    desk.reconnect();
    QCOMPARE(desk.backend.secretValues["github"], "hunter2");
    QVERIFY(desk.backend.secrets["github"].known);
    QCOMPARE(desk.backend.secrets["github"].lasts, "keychain");
    QCOMPARE(desk.said, QStringList{"stored github kept"}); // nothing worth saying
}

void TestSecretModel::whatTheKeychainDoesNotGiveIsSaidOnce()
{
    Desk desk;
    desk.backend.secrets["github"] = {
        .name = "github", .created = {}, .lasts = "keychain", .known = false, .uses = {}};
    desk.reconnect();
    desk.keeper.refresh();
    settle();
    QCOMPARE(desk.said, QStringList{"lost github"});
    desk.store.values.insert(QStringLiteral("github"), QStringLiteral("found"));
    desk.reconnect();
    QCOMPARE(desk.backend.secretValues["github"], "found");
}

/// Removed on the command line, it must not stay in the keychain and come back.
void TestSecretModel::whatIsRemovedElsewhereDoesNotLinger()
{
    Desk desk;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    desk.backend.removeSecret(QStringLiteral("github"));
    settle();
    QVERIFY(desk.store.values.isEmpty());
    desk.reconnect();
    QVERIFY(desk.backend.secretValues.empty());
}

void TestSecretModel::aRefusedValueIsNotKept()
{
    Desk desk;
    desk.backend.failNext(QStringLiteral("putSecret"), ErrorCode::TooLarge,
                          QStringLiteral("too long"));
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    QVERIFY(desk.store.values.isEmpty());
    QCOMPARE(desk.said, QStringList{"not put github: too long"});
}

/// The form waited for as long as the desktop's own dialog was open, behind the window or not.
void TestSecretModel::aLockedKeychainHoldsNothingUp()
{
    DeskOn<LockedStore> desk;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    QCOMPARE(desk.said, QStringList{"stored github until unlocked"});
    QCOMPARE(desk.backend.secretValues["github"], "hunter2");
    QCOMPARE(desk.backend.secrets["github"].lasts, "reboot");
    desk.store.answerWrites(true);
    settle();
    QCOMPARE(desk.said.last(), QStringLiteral("stored github kept"));
    QCOMPARE(desk.backend.secrets["github"].lasts, "keychain");
    QCOMPARE(desk.store.values.value(QStringLiteral("github")), QStringLiteral("hunter2"));
    // A value that takes its place is on its way there, and so is not removed from there.
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter3"));
    settle();
    QCOMPARE(desk.backend.secrets["github"].lasts, "reboot");
    QCOMPARE(desk.store.values.value(QStringLiteral("github")), QStringLiteral("hunter2"));
    desk.store.answerWrites(false);
    settle();
    QVERIFY(desk.store.values.isEmpty()); // it would come back in the place of the new one
    QCOMPARE(desk.said.last(), QStringLiteral("stored github until reboot, locked"));
}

/// One dialog that was closed meant "no keychain" until the window was closed.
void TestSecretModel::aKeychainThatStaysLockedIsAskedAgain()
{
    DeskOn<LockedStore> desk;
    desk.store.values.insert(QStringLiteral("github"), QStringLiteral("hunter2"));
    desk.backend.secrets["github"] = {
        .name = "github", .created = {}, .lasts = "keychain", .known = false, .uses = {}};
    desk.reconnect();
    QVERIFY(desk.said.isEmpty());
    desk.store.answerReads(false);
    settle();
    QCOMPARE(desk.said, QStringList{"lost github"});
    desk.keeper.restore(QStringLiteral("github"));
    settle();
    desk.store.answerReads(true);
    settle();
    QCOMPARE(desk.backend.secretValues["github"], "hunter2");
    QVERIFY(desk.backend.secrets["github"].known);
}

void TestSecretModel::aValueThatIsTypedIsNotReplacedByAnOlderOne()
{
    DeskOn<LockedStore> desk;
    desk.store.values.insert(QStringLiteral("github"), QStringLiteral("old"));
    desk.backend.secrets["github"] = {
        .name = "github", .created = {}, .lasts = "keychain", .known = false, .uses = {}};
    desk.reconnect();
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("new"));
    settle();
    desk.store.answerReads(true);
    settle();
    QCOMPARE(desk.backend.secretValues["github"], "new");
    desk.store.answerWrites(true);
    settle();
    QCOMPARE(desk.backend.secretValues["github"], "new");
    QCOMPARE(desk.store.values.value(QStringLiteral("github")), QStringLiteral("new"));
}

void TestSecretModel::whatIsRemovedDoesNotComeBack()
{
    DeskOn<LockedStore> desk;
    desk.keeper.put(QStringLiteral("github"), QStringLiteral("hunter2"));
    settle();
    desk.keeper.remove(QStringLiteral("github"));
    settle();
    desk.store.answerWrites(true);
    settle();
    QVERIFY(desk.store.values.isEmpty());
    QVERIFY(desk.backend.secrets.empty());
}

QTEST_GUILESS_MAIN(TestSecretModel)
#include "test_secret_model.moc"
