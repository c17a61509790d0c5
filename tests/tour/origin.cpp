// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/origin.h"

#include <QNetworkInterface>
#include <QTcpSocket>

namespace caisson::tour {

namespace {

/// Inside, a loopback address is the sandbox's own.
QHostAddress addressOfThisMachine()
{
    for (const QHostAddress& address : QNetworkInterface::allAddresses()) {
        if (address.protocol() == QAbstractSocket::IPv4Protocol && !address.isLoopback() &&
            !address.isLinkLocal())
            return address;
    }
    return {};
}

QString headerOf(const QByteArray& head, const QByteArray& name)
{
    for (const QByteArray& line : head.split('\n')) {
        if (line.toLower().startsWith(name + ':'))
            return QString::fromLatin1(line.sliced(name.size() + 1).trimmed());
    }
    return {};
}

} // namespace

Origin::Origin()
{
    if (const QHostAddress address = addressOfThisMachine(); !address.isNull())
        m_server.listen(address);
    QObject::connect(&m_server, &QTcpServer::newConnection, &m_server, [this] {
        while (QTcpSocket* socket = m_server.nextPendingConnection()) {
            QObject::connect(socket, &QTcpSocket::readyRead, socket,
                             [this, socket] { serve(socket); });
            QObject::connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        }
    });
}

QString Origin::url() const
{
    return QStringLiteral("http://%1:%2").arg(host()).arg(m_server.serverPort());
}

void Origin::serve(QTcpSocket* socket)
{
    const QByteArray head = socket->peek(64 * 1024);
    const qsizetype end = head.indexOf("\r\n\r\n");
    if (end < 0 || head.size() < end + 4 + headerOf(head.first(end), "content-length").toLongLong())
        return;
    socket->readAll();
    const QString authorization = headerOf(head.first(end), "authorization");
    m_authorizations += authorization;
    const QByteArray body =
        "order 18 is taken; you are known by " +
        (authorization.isEmpty() ? QByteArray("nothing") : authorization.toLatin1()) + '\n';
    socket->write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                  "Content-Length: " +
                  QByteArray::number(body.size()) + "\r\n\r\n" + body);
    socket->disconnectFromHost();
}

} // namespace caisson::tour
