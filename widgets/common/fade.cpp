// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/fade.h"

#include <QGraphicsOpacityEffect>
#include <QGuiApplication>
#include <QPropertyAnimation>
#include <QStyle>
#include <QWidget>

namespace caisson {

namespace {

constexpr int kDurationMs = 120;

} // namespace

void fadeIn(QWidget* widget)
{
    if (widget->style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, widget) <= 0)
        return;
    // Wayland's and the offscreen plugin know no opacity, and warn each time. Compositors of the
    // former fade windows themselves.
    if (widget->isWindow() && QGuiApplication::platformName() != QStringLiteral("xcb"))
        return;
    QObject* faded = widget;
    QByteArray property = "windowOpacity";
    if (!widget->isWindow()) {
        auto* effect = new QGraphicsOpacityEffect(widget);
        effect->setOpacity(0);
        widget->setGraphicsEffect(effect); // deletes one that is at work still
        faded = effect;
        property = "opacity";
    }
    auto* animation = new QPropertyAnimation(faded, property, faded);
    animation->setDuration(kDurationMs);
    animation->setEasingCurve(QEasingCurve::OutCubic);
    animation->setStartValue(0.0);
    animation->setEndValue(1.0);
    // An effect costs a pixmap at each painting: it goes when it has done its work.
    if (faded != widget)
        QObject::connect(animation, &QPropertyAnimation::finished, widget,
                         [widget] { widget->setGraphicsEffect(nullptr); });
    animation->start(QAbstractAnimation::DeleteWhenStopped);
}

} // namespace caisson
