// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/key_hold.h"

#include <QCoreApplication>
#include <QKeyEvent>

namespace caisson {

KeyHold::KeyHold(QObject* parent)
    : QObject(parent)
{
    qApp->installEventFilter(this);
}

bool KeyHold::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::ShortcutOverride: // comes first, and alone where it is a shortcut
    case QEvent::KeyPress: {
        const auto* press = static_cast<QKeyEvent*>(event);
        m_isHeld =
            press->isAutoRepeat() || (press->key() == m_released && press->timestamp() != 0 &&
                                      press->timestamp() == m_releasedAt);
        m_isDropped = m_isDropped && m_isHeld;
        if (m_isDropped) {
            event->accept(); // nor is it a shortcut
            return true;
        }
        break;
    }
    case QEvent::KeyRelease: {
        const auto* release = static_cast<QKeyEvent*>(event);
        m_released = release->key();
        m_releasedAt = release->timestamp();
        m_isHeld = release->isAutoRepeat();
        break;
    }
    case QEvent::MouseButtonPress:
    case QEvent::TouchBegin:
        m_isHeld = false; // the release may have gone to another window
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

} // namespace caisson
