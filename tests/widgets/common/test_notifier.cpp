// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDBusConnection>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include "widgets/common/notifier.h"

using namespace caisson;

namespace {

/// The desktop's service, as far as it is called.
class FakeService : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    QStringList capabilities;
    QStringList said;

public slots:
    QStringList GetCapabilities() { return capabilities; }
    // NOLINTNEXTLINE(readability-function-size): the specification's
    uint Notify(const QString&, uint, const QString&, const QString& title, const QString& text,
                const QStringList&, const QVariantMap&, int)
    {
        said += title + QStringLiteral(": ") + text;
        return 1;
    }
};

} // namespace

/// On a bus of its own.
class TestNotifier : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void theTextIsNoMarkup_data();
    void theTextIsNoMarkup();
    void cleanupTestCase();

private:
    QProcess m_bus;
};

void TestNotifier::initTestCase()
{
    const QString daemon = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    QVERIFY2(!daemon.isEmpty(), "there is no dbus-daemon to talk to; ./dev setup installs it");
    m_bus.start(daemon, {QStringLiteral("--session"), QStringLiteral("--nofork"),
                         QStringLiteral("--print-address")});
    QTRY_VERIFY(m_bus.canReadLine() || m_bus.state() == QProcess::NotRunning);
    const QByteArray address = m_bus.readLine().trimmed();
    QVERIFY(!address.isEmpty());
    qputenv("DBUS_SESSION_BUS_ADDRESS", address);
}

void TestNotifier::theTextIsNoMarkup_data()
{
    QTest::addColumn<QStringList>("capabilities");
    QTest::addColumn<QString>("said");
    QTest::newRow("markup") << QStringList{"body", "body-markup"} << "Title: &lt;b&gt; a=1&amp;b=2";
    QTest::newRow("none") << QStringList{"body"} << "Title: <b> a=1&b=2";
}

/// A service without markup showed "a=1&amp;b=2".
void TestNotifier::theTextIsNoMarkup()
{
    QFETCH(const QStringList, capabilities);
    QFETCH(const QString, said);
    FakeService service;
    service.capabilities = capabilities;
    QDBusConnection bus = QDBusConnection::connectToBus(QDBusConnection::SessionBus, said);
    QVERIFY(bus.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &service,
                               QDBusConnection::ExportAllSlots));
    QVERIFY(bus.registerService(QStringLiteral("org.freedesktop.Notifications")));
    DesktopNotifier notifier;
    notifier.notify(QStringLiteral("key"), QStringLiteral("Title"), QStringLiteral("<b> a=1&b=2"));
    QTRY_COMPARE(service.said, QStringList{said});
    bus.unregisterService(QStringLiteral("org.freedesktop.Notifications"));
    QDBusConnection::disconnectFromBus(said);
}

void TestNotifier::cleanupTestCase()
{
    m_bus.kill();
    m_bus.waitForFinished();
}

QTEST_GUILESS_MAIN(TestNotifier)
#include "test_notifier.moc"
