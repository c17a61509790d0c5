// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/notifier.h"

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QtConcurrentRun>

namespace caisson {

namespace {

const QString kService = QStringLiteral("org.freedesktop.Notifications");
const QString kPath = QStringLiteral("/org/freedesktop/Notifications");
constexpr int kTimeoutOfTheService = -1;

QDBusMessage callOf(const QString& method)
{
    return QDBusMessage::createMethodCall(kService, kPath, kService, method);
}

} // namespace

/// On another thread: a bus that does not answer holds up whoever connects.
void DesktopNotifier::connectToBus()
{
    m_bus = Bus::Connecting;
    QtConcurrent::run([] {
        return QDBusConnection::sessionBus().isConnected();
    }).then(this, [this](bool isConnected) {
        if (!isConnected) {
            m_bus = Bus::None;
            m_waiting.clear();
            return;
        }
        QDBusConnection bus = QDBusConnection::sessionBus();
        bus.connect(kService, kPath, kService, QStringLiteral("ActionInvoked"), this,
                    SLOT(actionInvoked(uint, QString)));
        bus.connect(kService, kPath, kService, QStringLiteral("NotificationClosed"), this,
                    SLOT(notificationClosed(uint, uint)));
        askForMarkup();
    });
}

/// A service without markup would show "a=1&b=2" as "a=1&amp;b=2". One that does not say is taken to
/// have it: the words of programs in a sandbox are not to be its markup.
void DesktopNotifier::askForMarkup()
{
    auto* watcher = new QDBusPendingCallWatcher(
        QDBusConnection::sessionBus().asyncCall(callOf(QStringLiteral("GetCapabilities"))), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        watcher->deleteLater();
        const QDBusPendingReply<QStringList> reply = *watcher;
        m_hasMarkup = reply.isError() || reply.value().contains(QStringLiteral("body-markup"));
        m_bus = Bus::There;
        for (const auto& [key, what] : std::exchange(m_waiting, {}).asKeyValueRange())
            send(key, what.title, what.text);
    });
}

void DesktopNotifier::notify(const QString& key, const QString& title, const QString& text)
{
    if (m_bus == Bus::There) {
        send(key, title, text);
        return;
    }
    if (m_bus == Bus::None)
        return;
    m_waiting.insert(key, {title, text});
    if (m_bus == Bus::Unknown)
        connectToBus();
}

void DesktopNotifier::send(const QString& key, const QString& title, const QString& text)
{
    QDBusMessage call = callOf(QStringLiteral("Notify"));
    call << QCoreApplication::applicationName() << m_shown.value(key, 0)
         << QStringLiteral("caisson") << title << (m_hasMarkup ? text.toHtmlEscaped() : text)
         << QStringList{QStringLiteral("default"), tr("Show")}
         << QVariantMap{{QStringLiteral("desktop-entry"), QStringLiteral("caisson")},
                        {QStringLiteral("category"), QStringLiteral("network")}}
         << kTimeoutOfTheService;
    m_shown.insert(key, m_shown.value(key, 0));
    auto* watcher =
        new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, key, watcher] {
        watcher->deleteLater();
        const QDBusPendingReply<uint> reply = *watcher;
        if (reply.isError()) {
            m_shown.remove(key); // nobody shows notifications here
            return;
        }
        const bool isOver = !m_shown.contains(key);
        m_shown.insert(key, reply.value());
        if (isOver)
            withdraw(key);
    });
}

void DesktopNotifier::withdraw(const QString& key)
{
    m_waiting.remove(key);
    const uint id = m_shown.take(key);
    if (id == 0 || m_bus != Bus::There)
        return;
    QDBusMessage call = callOf(QStringLiteral("CloseNotification"));
    call << id;
    QDBusConnection::sessionBus().send(call);
}

void DesktopNotifier::actionInvoked(uint id, const QString&)
{
    if (const QString key = m_shown.key(id); !key.isEmpty())
        emit activated(key);
}

void DesktopNotifier::notificationClosed(uint id, uint)
{
    if (const QString key = m_shown.key(id); !key.isEmpty())
        m_shown.remove(key);
}

} // namespace caisson
