// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <functional>

namespace caisson::desk {

/// Lets the first of a burst through at once and gathers what follows for a frame. GUI thread.
class BatchTimer
{
public:
    explicit BatchTimer(std::function<void()> deliver)
        : m_deliver(std::move(deliver))
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { fire(); });
    }

    /// There is something to deliver.
    void ask()
    {
        m_asked = true;
        if (!m_timer.isActive())
            fire();
    }

private:
    static constexpr std::chrono::milliseconds kFrame{16};

    void fire()
    {
        if (!std::exchange(m_asked, false))
            return;
        m_timer.start(kFrame);
        m_deliver();
    }

    std::function<void()> m_deliver;
    QTimer m_timer;
    bool m_asked = false;
};

} // namespace caisson::desk
