// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/stall_watch.h"

#include <QFile>
#include <unistd.h>

namespace caisson::tour {

using namespace std::chrono;

namespace {

/// A beat that comes this late is a stall by itself, whatever came between.
constexpr milliseconds kBeat{5};

} // namespace

// A timer of the watched thread is enough: it cannot fire while the thread is away, and how late it
// fires is how long the thread was away.
StallWatch::StallWatch(QObject* parent)
    : QObject(parent)
    , m_lastBeat(steady_clock::now())
    , m_schedstat(QStringLiteral("/proc/self/task/%1/schedstat").arg(::gettid()))
{
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(kBeat);
    connect(&m_timer, &QTimer::timeout, this, &StallWatch::beat);
    resume();
}

StallWatch::~StallWatch() = default;

void StallWatch::setStep(const QString& step)
{
    m_step = step;
}

void StallWatch::pause()
{
    m_timer.stop();
}

void StallWatch::resume()
{
    m_lastBeat = steady_clock::now();
    m_lastWaited = waitedForProcessor();
    m_timer.start();
}

nanoseconds StallWatch::waitedForProcessor() const
{
    QFile file(m_schedstat);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    // Three numbers: time on the processor, time waiting for one, timeslices.
    const QList<QByteArray> fields = file.readAll().split(' ');
    return nanoseconds(fields.size() > 1 ? fields.at(1).toLongLong() : 0);
}

void StallWatch::beat()
{
    const auto now = steady_clock::now();
    const auto late = now - m_lastBeat - kBeat;
    m_lastBeat = now;
    const nanoseconds waited = waitedForProcessor();
    const auto stall = duration_cast<milliseconds>(late - (waited - m_lastWaited));
    m_lastWaited = waited;
    m_longest = std::max(m_longest, stall);
    if (stall > kLimit)
        m_stalls.append(QStringLiteral("%1: %2 ms").arg(m_step).arg(stall.count()));
}

} // namespace caisson::tour
