// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sandboxes/sandbox_state_icon.h"

#include <QPainter>
#include <QPainterPath>

#include "widgets/common/colors.h"

namespace caisson {

namespace {

constexpr qreal kSide = 10;
constexpr qreal kStroke = 1.5;

} // namespace

void paintSandboxState(QPainter& painter, const QRectF& rect, api::SandboxState state, bool isBusy,
                       bool isStale, const Colors& colors)
{
    QRectF shape(0, 0, kSide, kSide);
    shape.moveCenter(rect.center());
    const QRectF line = shape.adjusted(kStroke / 2, kStroke / 2, -kStroke / 2, -kStroke / 2);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    const auto pen = [](const QColor& color) {
        return QPen(color, kStroke, Qt::SolidLine, Qt::RoundCap);
    };
    if (isBusy || state == api::SandboxState::Starting) {
        painter.setPen(pen(colors.hairline));
        painter.drawEllipse(line);
        painter.setPen(pen(colors.secondary));
        painter.drawArc(line, 90 * 16, -180 * 16);
    } else if (state == api::SandboxState::Running) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(isStale ? colors.disabled : colors.running);
        painter.drawEllipse(shape.adjusted(0.5, 0.5, -0.5, -0.5));
    } else if (state == api::SandboxState::Sleeping) {
        QPainterPath disc;
        disc.addEllipse(shape);
        QPainterPath bite;
        bite.addEllipse(shape.translated(4, -3));
        painter.fillPath(disc.subtracted(bite), colors.sleeping);
    } else if (state == api::SandboxState::Failed) {
        painter.setPen(pen(isStale ? colors.disabled : colors.failed));
        const QRectF cross = shape.adjusted(1.5, 1.5, -1.5, -1.5);
        painter.drawLine(cross.topLeft(), cross.bottomRight());
        painter.drawLine(cross.topRight(), cross.bottomLeft());
    } else {
        painter.setPen(pen(colors.sleeping));
        painter.drawEllipse(line);
    }
    painter.restore();
}

} // namespace caisson
