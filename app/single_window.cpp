// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/single_window.h"

#include <QLocalSocket>
#include <chrono>

namespace caisson {

namespace {

constexpr int kPatience = 1000; ///< milliseconds
/// A desktop under Wayland lets a window come forward only with this (xdg-activation-v1).
constexpr const char* kActivationToken = "XDG_ACTIVATION_TOKEN";
/// Under X11 there is none; something has to be sent all the same.
const QByteArray kNoToken("-");

} // namespace

SingleWindow::SingleWindow(const api::Paths& paths)
    : m_address(QString::fromStdString(paths.run + "/window.sock"))
    , m_lock(QString::fromStdString(paths.config + "/window.lock"))
{
    // A window may stand open for weeks: only the end of its process makes its lock a stale one.
    m_lock.setStaleLockTime(std::chrono::milliseconds(0));
    const bool hasFolders = api::ensureFolders(paths).has_value();
    m_isFirst = !hasFolders || m_lock.tryLock() || m_lock.error() != QLockFile::LockFailedError;
    if (m_isFirst && hasFolders)
        listen();
}

qint64 SingleWindow::owner() const
{
    qint64 pid = 0;
    QString host;
    QString program;
    return m_lock.getLockInfo(&pid, &host, &program) ? pid : 0;
}

bool SingleWindow::raiseOther() const
{
    QLocalSocket socket;
    socket.connectToServer(m_address);
    if (!socket.waitForConnected(kPatience))
        return false;
    const QByteArray token = qgetenv(kActivationToken);
    socket.write(token.isEmpty() ? kNoToken : token);
    return socket.waitForBytesWritten(kPatience) && socket.waitForReadyRead(kPatience);
}

void SingleWindow::listen()
{
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    QLocalServer::removeServer(m_address); // of a window that was killed
    connect(&m_server, &QLocalServer::newConnection, this, [this] {
        QLocalSocket* socket = m_server.nextPendingConnection();
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
            const QByteArray token = socket->readAll();
            if (token != kNoToken)
                qputenv(kActivationToken, token);
            emit raiseAsked();
            socket->write(kNoToken);
            socket->flush();
        });
    });
    if (!m_server.listen(m_address))
        qWarning("A second window will not find this one: %s", qPrintable(m_server.errorString()));
}

} // namespace caisson
