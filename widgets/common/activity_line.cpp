// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/activity_line.h"

#include <QPainter>
#include <QStyle>
#include <QTimerEvent>

#include "widgets/common/colors.h"

namespace caisson {

namespace {
constexpr int kHeight = 2;
constexpr int kFrameMs = 33;
/// What takes longer shows that it goes on.
constexpr int kPatienceMs = 300;
constexpr int kPeriodMs = 1400;
constexpr double kShare = 0.3; ///< of the width, for the moving part
} // namespace

ActivityLine::ActivityLine(QWidget* parent)
    : QWidget(parent)
{
    setFixedHeight(kHeight);
    setAccessibleName(tr("Working"));
}

void ActivityLine::setBusy(bool isBusy)
{
    if (!isBusy) {
        m_patience.stop();
        hide();
    } else if (!isVisible() && !m_patience.isActive()) {
        m_patience.start(kPatienceMs, this);
    }
}

void ActivityLine::setFraction(std::optional<double> fraction)
{
    m_fraction = fraction;
    updateTimer();
    update();
}

void ActivityLine::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.hairline);
    QRectF done(0, 0, width(), height());
    if (m_fraction) {
        done.setWidth(width() * qBound(0.0, *m_fraction, 1.0));
    } else {
        const double phase =
            m_timer.isActive() ? double(m_clock.elapsed() % kPeriodMs) / kPeriodMs : 0.5;
        done.setLeft(width() * (phase * (1 + kShare) - kShare));
        done.setWidth(width() * kShare);
    }
    painter.fillRect(done, colors.accent);
}

void ActivityLine::showEvent(QShowEvent*)
{
    m_clock.start();
    updateTimer();
}

void ActivityLine::hideEvent(QHideEvent*)
{
    updateTimer();
}

void ActivityLine::timerEvent(QTimerEvent* event)
{
    if (event->timerId() == m_timer.timerId()) {
        update();
    } else if (event->timerId() == m_patience.timerId()) {
        m_patience.stop();
        raise(); // where it lies over something
        show();
    }
}

void ActivityLine::updateTimer()
{
    const bool mayMove =
        style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0;
    if (isVisible() && !m_fraction && mayMove)
        m_timer.start(kFrameMs, this);
    else
        m_timer.stop();
}

} // namespace caisson
