// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QObject>
#include <QSocketNotifier>

#include <deque>

#include "backend/base/unique_fd.h"

namespace caisson {

/// Writes to the slave side of the emulator's pseudo-terminal without ever waiting: the emulator reads the master side on
/// this same thread, so a blocking write of more than the kernel's buffer would wait for itself for ever.
class TeletypeWriter : public QObject
{
    Q_OBJECT

public:
    /// The most that is written, and so parsed, in one turn of the event loop. Seen: at 64 kB a turn takes 2 to 10 ms.
    static constexpr qsizetype kChunk = 64 * 1024;

    /// Makes `slaveFd` raw and works on a duplicate of it.
    explicit TeletypeWriter(int slaveFd, QObject* parent = nullptr);

    void write(const QByteArray& bytes);

    /// Bytes that the kernel has not taken yet.
    qsizetype queuedBytes() const { return m_queued; }

private:
    void writeSome();

    UniqueFd m_fd;
    QSocketNotifier m_notifier;
    std::deque<QByteArray> m_queue;
    qsizetype m_offset = 0; ///< what of the first is written
    qsizetype m_queued = 0;
};

} // namespace caisson
