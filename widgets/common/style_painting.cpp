// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/style_painting.h"

#include <QAbstractScrollArea>
#include <QPainterPath>
#include <QStyleOption>

#include "widgets/common/colors.h"

namespace caisson {

QRectF snappedToDevice(const QPainter& painter, const QRectF& rect)
{
    const QTransform transform = painter.deviceTransform();
    if (transform.type() > QTransform::TxScale)
        return rect;
    const QRectF device = transform.mapRect(rect);
    const QRectF rounded(QPointF(qRound(device.left()), qRound(device.top())),
                         QPointF(qRound(device.right()), qRound(device.bottom())));
    return transform.inverted().mapRect(rounded);
}

void fillRounded(QPainter& painter, const QRectF& rect, qreal radius, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(snappedToDevice(painter, rect), radius, radius);
    painter.restore();
}

void strokeRounded(QPainter& painter, const QRectF& rect, qreal radius, const QColor& color,
                   qreal width)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal scale = painter.deviceTransform().m11();
    const qreal line = qMax(1, qRound(width * scale - 0.1)) / scale;
    const QRectF outer = snappedToDevice(painter, rect);
    // A ring of two paths, not a pen: a pen's halves are antialiased apart at fractional scales.
    QPainterPath ring;
    ring.addRoundedRect(outer, radius, radius);
    const qreal innerRadius = qMax(0.0, radius - line);
    ring.addRoundedRect(outer.adjusted(line, line, -line, -line), innerRadius, innerRadius);
    painter.fillPath(ring, color);
    painter.restore();
}

void drawFocusRing(QPainter& painter, const QRectF& rect, qreal radius, const Colors& colors)
{
    strokeRounded(painter, rect, radius, colors.accent, 2);
}

bool wantsFocusRing(const QStyleOption& option)
{
    constexpr QStyle::State wanted = QStyle::State_HasFocus | QStyle::State_KeyboardFocusChange;
    return (option.state & wanted) == wanted;
}

QColor blended(const QColor& over, const QColor& under)
{
    const qreal alpha = over.alphaF();
    const auto mix = [alpha](float top, float bottom) {
        return static_cast<float>(alpha * top + (1 - alpha) * bottom);
    };
    return QColor::fromRgbF(mix(over.redF(), under.redF()), mix(over.greenF(), under.greenF()),
                            mix(over.blueF(), under.blueF()));
}

QColor surfaceBehind(const QWidget* widget, const Colors& colors)
{
    for (; widget; widget = widget->parentWidget()) {
        if (const auto* area = qobject_cast<const QAbstractScrollArea*>(widget)) {
            const QWidget* viewport = area->viewport();
            return viewport->palette().color(viewport->backgroundRole());
        }
    }
    return colors.canvas;
}

} // namespace caisson
