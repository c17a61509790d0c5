// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/paths.h"

#include <QLocalServer>
#include <QLockFile>
#include <QObject>

namespace caisson {

/// One window a home: two would write over each other's unsaved texts. The first one holds a lock
/// and listens; a second one asks it to come to the front. GUI thread only.
class SingleWindow : public QObject
{
    Q_OBJECT
public:
    explicit SingleWindow(const api::Paths& paths);

    /// Also where no lock can be had: the window itself says what is wrong with its folders.
    bool isFirst() const { return m_isFirst; }
    /// Of the process whose window it is; 0 where that is not known.
    qint64 owner() const;

    /// For one that is not the first: false when the other does not answer within a second.
    bool raiseOther() const;

signals:
    /// Somebody tried to open a second window.
    void raiseAsked();

private:
    void listen();

    QString m_address;
    QLockFile m_lock;
    QLocalServer m_server;
    bool m_isFirst;
};

} // namespace caisson
