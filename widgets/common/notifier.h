// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QObject>

namespace caisson {

/// Says something outside of the window, for a person who looks elsewhere. GUI thread.
class Notifier : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// Plain text. What was said under that key before is replaced.
    virtual void notify(const QString& key, const QString& title, const QString& text) = 0;
    /// It is over.
    virtual void withdraw(const QString& key) = 0;

signals:
    /// The person has chosen it.
    void activated(const QString& key);
};

/// Through the desktop's notification service (Desktop Notifications Specification 1.2); where there
/// is none, nothing is said.
class DesktopNotifier : public Notifier
{
    Q_OBJECT
public:
    using Notifier::Notifier;

    void notify(const QString& key, const QString& title, const QString& text) override;
    void withdraw(const QString& key) override;

private slots:
    void actionInvoked(uint id, const QString& action);
    void notificationClosed(uint id, uint reason);

private:
    enum class Bus { Unknown, Connecting, There, None };
    void connectToBus();
    void askForMarkup();
    void send(const QString& key, const QString& title, const QString& text);

    struct Waiting
    {
        QString title;
        QString text;
    };
    Bus m_bus = Bus::Unknown;
    bool m_hasMarkup = true;
    QHash<QString, Waiting> m_waiting; ///< until the bus is there
    QHash<QString, uint> m_shown;      ///< ids of the service; 0: on its way
};

} // namespace caisson
