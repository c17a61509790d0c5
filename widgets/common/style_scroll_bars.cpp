// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPainter>
#include <QStyleOption>
#include <QWidget>

#include "widgets/common/colors.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/style_parts.h"

namespace caisson::style {

namespace {

constexpr int kMinimumThumb = 28;

/// Start and length of the thumb along the bar.
std::pair<int, int> thumbSpan(const QStyleOptionSlider& option)
{
    const bool isHorizontal = option.orientation == Qt::Horizontal;
    const int length = isHorizontal ? option.rect.width() : option.rect.height();
    const qint64 range = qint64(option.maximum) - option.minimum;
    if (range <= 0)
        return {0, length};
    const int thumb =
        qBound(qMin(kMinimumThumb, length),
               int(qint64(length) * option.pageStep / (range + option.pageStep)), length);
    const int start = QStyle::sliderPositionFromValue(
        option.minimum, option.maximum, option.sliderPosition, length - thumb, option.upsideDown);
    return {start, thumb};
}

} // namespace

QRect scrollBarRect(const QStyleOptionSlider& option, QStyle::SubControl control)
{
    const bool isHorizontal = option.orientation == Qt::Horizontal;
    const auto along = [&](int start, int length) {
        const QRect rect = option.rect;
        const QRect result = isHorizontal
                                 ? QRect(rect.left() + start, rect.top(), length, rect.height())
                                 : QRect(rect.left(), rect.top() + start, rect.width(), length);
        return QStyle::visualRect(option.direction, rect, result);
    };
    const int length = isHorizontal ? option.rect.width() : option.rect.height();
    const auto [start, thumb] = thumbSpan(option);
    switch (control) {
    case QStyle::SC_ScrollBarSlider:
        return along(start, thumb);
    case QStyle::SC_ScrollBarSubPage:
        return along(0, start);
    case QStyle::SC_ScrollBarAddPage:
        return along(start + thumb, length - start - thumb);
    case QStyle::SC_ScrollBarGroove:
        return option.rect;
    default:
        return {}; // no arrows at the ends
    }
}

void drawScrollBar(QPainter& painter, const QStyleOptionSlider& option, const QWidget* widget)
{
    const Colors& colors = colorsOf(option.palette);
    painter.fillRect(option.rect, surfaceBehind(widget, colors));
    if (option.maximum <= option.minimum)
        return;
    const bool isHeld = option.state & QStyle::State_Sunken;
    const bool isHovered = option.state & QStyle::State_MouseOver;
    QColor color = colors.text;
    color.setAlphaF(isHeld ? 0.5f : isHovered ? 0.36f : 0.2f);
    const QRectF thumb =
        QRectF(scrollBarRect(option, QStyle::SC_ScrollBarSlider)).adjusted(2, 2, -2, -2);
    fillRounded(painter, thumb, qMin(thumb.width(), thumb.height()) / 2, color);
}

} // namespace caisson::style
