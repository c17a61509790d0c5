// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace caisson {

/// Tells a key that is held from one that is pressed. QKeyEvent::isAutoRepeat() does not always: of
/// X11's pairs of release and press, Qt takes one for a repetition only where both have arrived
/// when it looks at the first. Their time is the server's, and the same; nobody lets go and presses
/// again within a millisecond.
class KeyHold : public QObject
{
    Q_OBJECT
public:
    explicit KeyHold(QObject* parent = nullptr);

    /// Whether what is being handled comes of a key that was down before.
    bool isHeld() const { return m_isHeld; }
    /// Whatever the key that is down repeats from now on goes nowhere: the focus has moved, and it
    /// was pressed for the place before.
    void drop() { m_isDropped = true; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    int m_released = 0;
    quint64 m_releasedAt = 0;
    bool m_isHeld = false;
    bool m_isDropped = false;
};

} // namespace caisson
