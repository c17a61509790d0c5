// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <chrono>

namespace caisson::tour {

/// Names every time the GUI thread was away from its event loop for over 50 ms. Time in which the
/// thread was ready to run and the machine was busy with others does not count: it is taken from
/// the thread's schedstat (proc(5), "time spent waiting on a runqueue").
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

    /// "STEP: N ms", one a stall.
    QStringList stalls() const { return m_stalls; }
    std::chrono::milliseconds longest() const { return m_longest; }

private:
    void beat();
    std::chrono::nanoseconds waitedForProcessor() const;

    QTimer m_timer;
    QString m_step;
    QStringList m_stalls;
    std::chrono::milliseconds m_longest{0};
    std::chrono::steady_clock::time_point m_lastBeat;
    std::chrono::nanoseconds m_lastWaited{0};
    QString m_schedstat;
};

} // namespace caisson::tour
