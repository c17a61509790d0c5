// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QMetaMethod>
#include <QObject>
#include <QTimer>
#include <chrono>
#include <deque>

class QTermWidget;

namespace caisson {

/// Bytes for the emulator to parse, a few milliseconds' worth in each turn of the event loop.
///
/// They go straight to the slot of QTermWidget's session that its pseudo-terminal is connected to.
/// QTermWidget offers only the pseudo-terminal, and a round trip through the kernel for every 4 KiB
/// costs a third of the whole. The slot is found by its name, since the session's class is private.
class EmulatorFeed : public QObject
{
    Q_OBJECT

public:
    /// A turn ends when this has passed: what remains of a frame of 16 ms is for painting.
    static constexpr std::chrono::milliseconds kTurn{5};
    /// Parsed between two looks at the clock.
    static constexpr qsizetype kPiece = 8 * 1024;

    /// After QTermWidget::startTerminalTeletype(). The terminal outlives it.
    explicit EmulatorFeed(QTermWidget* terminal, QObject* parent = nullptr);

    void write(const QByteArray& bytes);

    /// Not parsed yet.
    qsizetype pendingBytes() const { return m_pending; }

signals:
    /// At the end of a turn.
    void parsed();

private:
    void parseSome();

    QObject* m_session;
    QMetaMethod m_receive;
    QTimer m_timer;
    std::deque<QByteArray> m_queue;
    qsizetype m_offset = 0; ///< what of the first is parsed
    qsizetype m_pending = 0;
};

} // namespace caisson
