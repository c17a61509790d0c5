// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <QTcpServer>

namespace caisson::tour {

/// A small web server on this machine, for a sandbox to ask: says what it was asked for, the secret
/// it was shown included.
class Origin
{
public:
    Origin();

    /// False where this machine has no address that a sandbox would take for another machine's.
    bool isThere() const { return m_server.isListening(); }
    /// "http://192.0.2.2:34567"
    QString url() const;
    QString host() const { return m_server.serverAddress().toString(); }
    /// The Authorization of each request, in order; empty where there was none.
    const QStringList& authorizations() const { return m_authorizations; }

private:
    void serve(QTcpSocket* socket);

    QTcpServer m_server;
    QStringList m_authorizations;
};

} // namespace caisson::tour
