// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/emulator_feed.h"

#include <QElapsedTimer>
#include <QLoggingCategory>
#include <qtermwidget6/qtermwidget.h>

namespace caisson {

namespace {

Q_LOGGING_CATEGORY(logTerminal, "caisson.terminal")

/// The terminal's part that has `slot`; its method is invalid when there is none.
std::pair<QObject*, QMetaMethod> findSlot(const QTermWidget& terminal, const char* slot)
{
    for (QObject* part : terminal.findChildren<QObject*>(Qt::FindDirectChildrenOnly)) {
        if (const int index = part->metaObject()->indexOfSlot(slot); index >= 0)
            return {part, part->metaObject()->method(index)};
    }
    return {};
}

} // namespace

EmulatorFeed::EmulatorFeed(QTermWidget* terminal, QObject* parent)
    : QObject(parent)
{
    std::tie(m_session, m_receive) = findSlot(*terminal, "onReceiveBlock(const char*,int)");
    if (!m_receive.isValid())
        qCCritical(logTerminal, "this QTermWidget takes no bytes: terminals stay empty");
    m_timer.setSingleShot(true);
    m_timer.setInterval(0);
    connect(&m_timer, &QTimer::timeout, this, &EmulatorFeed::parseSome);
}

void EmulatorFeed::write(const QByteArray& bytes)
{
    if (bytes.isEmpty())
        return;
    m_queue.push_back(bytes);
    m_pending += bytes.size();
    m_timer.start();
}

void EmulatorFeed::parseSome()
{
    QElapsedTimer turn;
    turn.start();
    while (!m_queue.empty() && turn.durationElapsed() < kTurn) {
        const QByteArray first = m_queue.front();
        const qsizetype size = qMin(first.size() - m_offset, kPiece);
        m_receive.invoke(m_session, Qt::DirectConnection,
                         Q_ARG(const char*, first.constData() + m_offset),
                         Q_ARG(int, static_cast<int>(size)));
        m_offset += size;
        m_pending -= size;
        if (m_offset == first.size()) {
            m_queue.pop_front();
            m_offset = 0;
        }
    }
    if (!m_queue.empty())
        m_timer.start();
    emit parsed();
}

} // namespace caisson
