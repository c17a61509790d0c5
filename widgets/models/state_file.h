// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/window_state.h"

#include <QObject>
#include <QThreadPool>

namespace caisson {

/// The file in which the window's state outlives it. Written on a thread of its own: writing waits
/// for the disk, which the GUI thread may not.
class StateFile : public QObject
{
    Q_OBJECT
public:
    explicit StateFile(QString path, QObject* parent = nullptr);
    /// Waits for what is being written.
    ~StateFile() override;

    /// Reads the file; a state with nothing in it when there is none.
    WindowState load() const;

    /// Writes in the order of the calls; what is the same as last time is not written.
    void save(const WindowState& state);

signals:
    void failed(const QString& why);

private:
    QString m_path;
    WindowState m_saved;
    QThreadPool m_writer;
};

} // namespace caisson
