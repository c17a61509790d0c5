// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/state_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

namespace caisson {

StateFile::StateFile(QString path, QObject* parent)
    : QObject(parent)
    , m_path(std::move(path))
{
    m_writer.setMaxThreadCount(1);
}

StateFile::~StateFile()
{
    m_writer.waitForDone();
}

WindowState StateFile::load() const
{
    QFile file(m_path);
    return file.open(QIODevice::ReadOnly) ? windowStateFromJson(file.readAll()) : WindowState();
}

void StateFile::save(const WindowState& state)
{
    if (state == m_saved)
        return;
    m_saved = state;
    // The destructor waits for the writer, so `this` is there as long as it runs.
    m_writer.start([this, state] {
        QDir().mkpath(QFileInfo(m_path).path());
        QSaveFile file(m_path);
        const bool opened = file.open(QIODevice::WriteOnly);
        // It holds text of the person's files.
        if (opened && file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner))
            file.write(toJson(state));
        if (!opened || !file.commit())
            emit failed(file.errorString());
    });
}

} // namespace caisson
