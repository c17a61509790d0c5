// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace caisson::tour {

/// Names every time the GUI thread was away from its event loop for over 50 ms, and where it was
/// then. Time in which the thread was ready to run and the machine was busy with others does not
/// count: it is taken from the thread's schedstat (proc(5), "time spent waiting on a runqueue").
/// Neither does time in which a virtual machine stood still, which that does not tell: a program
/// that only slept for 5 ms at a time was seen to wake 100 ms late, a few times a minute. Then the
/// thread computed nothing, and either sleeps in its event loop or its watcher was away, too.
/// One at a time; it uses SIGUSR2.
class StallWatch : public QObject
{
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds kLimit{50};

    /// Made on the thread it watches.
    explicit StallWatch(QObject* parent = nullptr);
    ~StallWatch() override;

    /// What is under way, for the name of a stall.
    void setStep(const QString& step);
    /// While the tour itself holds the thread, to take a picture.
    void pause();
    void resume();

    /// "STEP: N ms" and below it the calls that were under way, one a stall.
    QStringList stalls() const { return m_stalls; }
    std::chrono::milliseconds longest() const { return m_longest; }

private:
    using Clock = std::chrono::steady_clock;

    void beat();
    /// On a thread of its own: looks whether the beats come, and where the thread is when not.
    void watch();
    std::chrono::nanoseconds waitedForProcessor() const;
    bool didMachineStand(Clock::time_point now, const QString& where) const;

    QTimer m_timer;
    QString m_step;
    QString m_schedstat;
    QStringList m_stalls;
    std::chrono::milliseconds m_longest{0};
    std::chrono::nanoseconds m_lastWaited{0};
    std::chrono::nanoseconds m_lastComputed{0};
    pthread_t m_watched;
    std::atomic<Clock::time_point> m_lastBeat;
    std::atomic<Clock::time_point> m_lastLook; ///< of the watcher
    std::atomic<bool> m_isPaused = false;
    std::mutex m_mutex;
    std::condition_variable m_ended;
    bool m_isEnding = false;
    std::thread m_watcher; ///< last: it uses the others
};

} // namespace caisson::tour
