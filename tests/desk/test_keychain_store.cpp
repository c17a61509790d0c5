// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/keychain_store.h"

#include <QDir>
#include <QFutureWatcher>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace caisson::desk {

namespace {

constexpr int kPatienceMs = 20'000;

template<class T>
T take(QFuture<T> future)
{
    QFutureWatcher<T> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcher<T>::finished);
    watcher.setFuture(future);
    if (!future.isFinished())
        finished.wait(kPatienceMs);
    return future.takeResult();
}

} // namespace

class TestKeychainStore : public QObject
{
    Q_OBJECT

private slots:
    void valuesComeBack();
    void withoutABusThereIsNone();
};

/// Run under `dbus-run-session` with an unlocked gnome-keyring-daemon, as the tests of a desktop are.
void TestKeychainStore::valuesComeBack()
{
    KeychainStore store;
    if (!take(store.check()))
        QSKIP(
            "there is no keychain: run it in dbus-run-session with gnome-keyring-daemon --unlock");
    QVERIFY(take(store.write(QStringLiteral("caisson-test"), QStringLiteral("hunter2"))));
    QCOMPARE(take(store.read(QStringLiteral("caisson-test"))).value(), QStringLiteral("hunter2"));
    QVERIFY(take(store.remove(QStringLiteral("caisson-test"))));
    QVERIFY(take(store.remove(QStringLiteral("caisson-test"))));
    QCOMPARE(take(store.read(QStringLiteral("caisson-test"))).error().code, ErrorCode::NotFound);
}

/// QtKeychain says it is available there; and its own way out is a plain file.
void TestKeychainStore::withoutABusThereIsNone()
{
    if (qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS"))
        QSKIP("there is a bus");
    const QTemporaryDir home;
    qputenv("HOME", home.path().toLocal8Bit());
    qputenv("XDG_CONFIG_HOME", home.path().toLocal8Bit());
    KeychainStore store;
    QVERIFY(!take(store.check()));
    QVERIFY(!take(store.write(QStringLiteral("caisson-test"), QStringLiteral("hunter2"))));
    QVERIFY(QDir(home.path())
                .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot)
                .isEmpty());
}

} // namespace caisson::desk

QTEST_GUILESS_MAIN(caisson::desk::TestKeychainStore)
#include "test_keychain_store.moc"
