// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QEventLoop>
#include <QTimer>

#include <ctime>

namespace caisson {

/// What this thread has computed so far. Unlike the clock on the wall it does not tell of other
/// programs' load.
inline double threadMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
}

/// The longest turn of the event loop while it lives, by the clock and in computing time.
class StallMeter
{
public:
    StallMeter()
    {
        m_clock.start();
        m_lastThreadMs = threadMs();
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            m_longestMs = qMax(m_longestMs, double(m_clock.nsecsElapsed()) / 1e6);
            m_longestThreadMs = qMax(m_longestThreadMs, threadMs() - m_lastThreadMs);
            m_clock.restart();
            m_lastThreadMs = threadMs();
        });
        m_timer.start(0);
    }
    double longestMs() const { return m_longestMs; }
    double longestThreadMs() const { return m_longestThreadMs; }

private:
    QTimer m_timer;
    QElapsedTimer m_clock;
    double m_lastThreadMs = 0;
    double m_longestMs = 0;
    double m_longestThreadMs = 0;
};

/// Waits in the event loop itself: QTest's own waiting sleeps 10 ms between looks, which would be
/// measured too.
template<typename Condition>
bool runUntil(Condition condition, int timeoutMs)
{
    QEventLoop loop;
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        if (condition())
            loop.quit();
    });
    look.start(1);
    bool isInTime = true;
    QTimer::singleShot(timeoutMs, &loop, [&] {
        isInTime = false;
        loop.quit();
    });
    loop.exec();
    return isInTime;
}

} // namespace caisson
