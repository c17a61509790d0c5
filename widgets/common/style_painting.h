// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPainter>
#include <QRect>

class QStyleOption;
class QWidget;

namespace caisson {

struct Colors;

/// Drawing that stays sharp at fractional device pixel ratios: edges fall on whole device pixels
/// and a "1-px" line is a whole number of them.

/// `rect` moved by less than a device pixel so that its edges fall between device pixels.
QRectF snappedToDevice(const QPainter& painter, const QRectF& rect);

void fillRounded(QPainter& painter, const QRectF& rect, qreal radius, const QColor& color);

/// The line lies inside `rect`.
void strokeRounded(QPainter& painter, const QRectF& rect, qreal radius, const QColor& color,
                   qreal width = 1);

/// The 2-px accent ring of what the keyboard is on.
void drawFocusRing(QPainter& painter, const QRectF& rect, qreal radius, const Colors& colors);

/// True where the option's widget has the focus and got it by keyboard: after a click no ring is
/// needed.
bool wantsFocusRing(const QStyleOption& option);

/// `over`, which may be translucent, laid on an opaque `under`.
QColor blended(const QColor& over, const QColor& under);

/// The colour behind the contents of the scroll area that `widget` is, or belongs to.
QColor surfaceBehind(const QWidget* widget, const Colors& colors);

namespace metrics {
constexpr int kControlHeight = 28;
constexpr int kRowHeight = 26;
constexpr int kTabHeight = 32;
constexpr int kToolButtonSize = 24;
constexpr int kIconSize = 16;
constexpr int kScrollBarWidth = 10;
constexpr qreal kRadius = 6;
constexpr qreal kSmallRadius = 4;
} // namespace metrics

} // namespace caisson
