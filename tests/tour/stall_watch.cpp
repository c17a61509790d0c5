// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/stall_watch.h"

#include <QFile>
#include <QRegularExpression>
#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <cxxabi.h>
#include <execinfo.h>
#include <memory>
#include <unistd.h>

namespace caisson::tour {

using namespace std::chrono;

namespace {

/// A beat that comes this late is a stall by itself, whatever came between.
constexpr milliseconds kBeat{5};
/// Of a sample: the calls nearest to where the thread is, past the signal's own.
constexpr int kSignalFrames = 2;
constexpr int kShownFrames = 14;

std::array<void*, 64> sampledFrames;
std::atomic<int> sampledCount = 0;

extern "C" void takeSample(int)
{
    // Not promised to be safe in a handler, but it is once it was called before: what it loads, it
    // has loaded.
    sampledCount = ::backtrace(sampledFrames.data(), static_cast<int>(sampledFrames.size()));
}

/// "program(mangled+0x1a) [0x…]" as the name of a function.
QString functionOf(const char* symbol)
{
    const QString text = QString::fromLocal8Bit(symbol);
    const qsizetype from = text.indexOf(u'(') + 1;
    const qsizetype to = text.indexOf(u'+', from);
    if (from <= 0 || to <= from)
        return text;
    const QByteArray mangled = text.sliced(from, to - from).toLocal8Bit();
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(mangled.constData(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? QString::fromUtf8(name.get()) : QString::fromLocal8Bit(mangled);
}

QString takenSample()
{
    const int count = sampledCount.exchange(0);
    const std::unique_ptr<char*, decltype(&std::free)> symbols(
        ::backtrace_symbols(sampledFrames.data(), count), &std::free);
    QString text;
    for (int i = kSignalFrames; i < count && i < kSignalFrames + kShownFrames; ++i)
        text += QStringLiteral("\n    in ") + functionOf(symbols.get()[i]);
    return text;
}

/// What this thread has computed so far.
nanoseconds computed()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

} // namespace

// The beats are a timer of the watched thread: it cannot fire while the thread is away, and how
// late it fires is how long the thread was away.
StallWatch::StallWatch(QObject* parent)
    : QObject(parent)
    , m_schedstat(QStringLiteral("/proc/self/task/%1/schedstat").arg(::gettid()))
    , m_watched(::pthread_self())
    , m_lastBeat(Clock::now())
    , m_lastLook(Clock::now())
{
    std::array<void*, 4> loaded;
    ::backtrace(loaded.data(), static_cast<int>(loaded.size()));
    struct sigaction action{};
    action.sa_handler = takeSample;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR2, &action, nullptr);
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(kBeat);
    connect(&m_timer, &QTimer::timeout, this, &StallWatch::beat);
    resume();
    m_watcher = std::thread([this] { watch(); });
}

StallWatch::~StallWatch()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_isEnding = true;
    }
    m_ended.notify_one();
    m_watcher.join();
}

void StallWatch::setStep(const QString& step)
{
    m_step = step;
}

void StallWatch::pause()
{
    m_isPaused = true;
    m_timer.stop();
}

void StallWatch::resume()
{
    m_lastBeat = Clock::now();
    m_lastWaited = waitedForProcessor();
    m_lastComputed = computed();
    m_isPaused = false;
    m_timer.start();
}

void StallWatch::watch()
{
    Clock::time_point sampled;
    std::unique_lock lock(m_mutex);
    while (!m_ended.wait_for(lock, kBeat, [this] { return m_isEnding; })) {
        const Clock::time_point last = m_lastBeat;
        m_lastLook = Clock::now();
        if (m_isPaused || last == sampled || Clock::now() - last < kLimit)
            continue;
        sampled = last;
        ::pthread_kill(m_watched, SIGUSR2);
    }
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

bool StallWatch::didMachineStand(Clock::time_point now, const QString& where) const
{
    if (computed() - m_lastComputed > kLimit / 2)
        return false;
    // Right in the poll of the event loop, not in one that was called out of it.
    static const QRegularExpression idle(
        QStringLiteral("in p?poll\\n[^\\n]*\\n? *in g_main_context_iteration"));
    return where.contains(idle) || now - m_lastLook.load() > kLimit;
}

void StallWatch::beat()
{
    const auto now = Clock::now();
    const auto late = now - m_lastBeat.exchange(now) - kBeat;
    const nanoseconds waited = waitedForProcessor();
    const auto stall = duration_cast<milliseconds>(late - (waited - m_lastWaited));
    m_lastWaited = waited;
    const QString where = sampledCount > 0 ? takenSample() : QString();
    const bool isOurs = stall <= kLimit || !didMachineStand(now, where);
    m_lastComputed = computed();
    if (isOurs)
        m_longest = std::max(m_longest, stall);
    if (stall > kLimit && isOurs)
        m_stalls.append(QStringLiteral("%1: %2 ms%3").arg(m_step).arg(stall.count()).arg(where));
}

} // namespace caisson::tour
