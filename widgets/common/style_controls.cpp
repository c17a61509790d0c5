// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPainter>
#include <QStyleOption>
#include <QWidget>

#include "widgets/common/colors.h"
#include "widgets/common/icons.h"
#include "widgets/common/style.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/style_parts.h"

namespace caisson::style {

namespace {

ButtonKind kindOf(const QWidget* widget)
{
    return widget ? static_cast<ButtonKind>(widget->property("buttonKind").toInt())
                  : ButtonKind::Plain;
}

bool isEnabled(const QStyleOption& option)
{
    return option.state & QStyle::State_Enabled;
}

/// Lays the hover or pressed tint of the state over a shape already filled.
void tint(QPainter& painter, const QStyleOption& option, const QRectF& rect, qreal radius)
{
    const Colors& colors = colorsOf(option.palette);
    if (!isEnabled(option))
        return;
    if (option.state & (QStyle::State_Sunken | QStyle::State_On))
        fillRounded(painter, rect, radius, colors.pressed);
    else if (option.state & QStyle::State_MouseOver)
        fillRounded(painter, rect, radius, colors.hover);
}

void drawControlFrame(QPainter& painter, const QStyleOption& option, const QColor& fill)
{
    const Colors& colors = colorsOf(option.palette);
    fillRounded(painter, option.rect, metrics::kRadius, fill);
    strokeRounded(painter, option.rect, metrics::kRadius,
                  isEnabled(option) ? colors.outline : colors.hairline);
}

} // namespace

void drawPushButtonBevel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget)
{
    const Colors& colors = colorsOf(option.palette);
    const QRectF rect(option.rect);
    const ButtonKind kind = kindOf(widget);
    if (option.features & QStyleOptionButton::Flat) {
        tint(painter, option, rect, metrics::kRadius);
    } else if (kind == ButtonKind::Plain || !isEnabled(option)) {
        drawControlFrame(painter, option, isEnabled(option) ? colors.raised : colors.panel);
        tint(painter, option, rect, metrics::kRadius);
    } else {
        fillRounded(painter, rect, metrics::kRadius,
                    kind == ButtonKind::Primary ? colors.accent : colors.failed);
        tint(painter, option, rect, metrics::kRadius);
    }
    if (!wantsFocusRing(option))
        return;
    drawFocusRing(painter, rect, metrics::kRadius, colors);
    if (kind != ButtonKind::Plain) {
        // The accent would not be seen on accent: an inner line of the panel's colour sets the ring
        // off.
        strokeRounded(painter, rect.adjusted(2, 2, -2, -2), metrics::kRadius - 2, colors.panel);
    }
}

QColor pushButtonTextColor(const QStyleOptionButton& option, const QWidget* widget)
{
    const Colors& colors = colorsOf(option.palette);
    if (!isEnabled(option))
        return colors.disabled;
    if (option.features & QStyleOptionButton::Flat)
        return colors.text;
    switch (kindOf(widget)) {
    case ButtonKind::Plain:
        return colors.text;
    case ButtonKind::Primary:
    case ButtonKind::Destructive:
        return colors.onAccent;
    }
    Q_UNREACHABLE_RETURN(colors.text);
}

void drawPushButtonLabel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget,
                         const QStyle& style)
{
    const QColor color = pushButtonTextColor(option, widget);
    QRect content = option.rect.adjusted(8, 0, -8, 0);
    const QFontMetrics& fontMetrics = option.fontMetrics;
    int width = fontMetrics.size(Qt::TextShowMnemonic, option.text).width();
    constexpr int kGap = 6;
    if (!option.icon.isNull()) {
        const int side = option.iconSize.width();
        width += option.text.isEmpty() ? side : side + kGap;
        const int left = content.left() + qMax(0, (content.width() - width) / 2);
        const QRect iconRect(left, content.center().y() + 1 - side / 2, side, side);
        option.icon.paint(&painter, iconRect, Qt::AlignCenter,
                          isEnabled(option) ? QIcon::Active : QIcon::Disabled);
        content.setLeft(iconRect.right() + 1 + kGap);
    }
    int flags = Qt::AlignVCenter | Qt::TextShowMnemonic |
                (option.icon.isNull() ? Qt::AlignHCenter : Qt::AlignLeft);
    if (!style.styleHint(QStyle::SH_UnderlineShortcut, &option, widget))
        flags |= Qt::TextHideMnemonic;
    painter.save();
    painter.setPen(color);
    painter.drawText(content, flags, option.text);
    painter.restore();
}

void drawToolButton(QPainter& painter, const QStyleOptionToolButton& option, const QWidget*)
{
    const QRectF rect(option.rect);
    tint(painter, option, rect, metrics::kSmallRadius);
    if (wantsFocusRing(option))
        drawFocusRing(painter, rect, metrics::kSmallRadius, colorsOf(option.palette));
}

void drawLineEditPanel(QPainter& painter, const QStyleOption& option, const QWidget* widget)
{
    const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(&option);
    if (frame && frame->lineWidth <= 0)
        return; // inside a combo box or an item view, which draw the edge themselves
    const Colors& colors = colorsOf(option.palette);
    drawControlFrame(painter, option, isEnabled(option) ? colors.canvas : colors.panel);
    const bool isWrong = widget && widget->property("isWrong").toBool();
    if (isWrong || option.state & QStyle::State_HasFocus)
        strokeRounded(painter, option.rect, metrics::kRadius,
                      isWrong ? colors.failed : colors.accent, 1.5);
}

void drawCheckBox(QPainter& painter, const QStyleOption& option)
{
    const Colors& colors = colorsOf(option.palette);
    const QRectF rect(option.rect);
    if (option.state & (QStyle::State_On | QStyle::State_NoChange)) {
        fillRounded(painter, rect, metrics::kSmallRadius,
                    isEnabled(option) ? colors.accent : colors.disabled);
        const bool isOn = option.state & QStyle::State_On;
        if (isOn) {
            painter.drawPixmap(option.rect.topLeft(),
                               iconPixmap(Icon::Check, option.rect.width(), colors.onAccent,
                                          painter.device()->devicePixelRatioF()));
        } else {
            fillRounded(painter, QRectF(rect.center() - QPointF(4, 1), QSizeF(8, 2)), 1,
                        colors.onAccent);
        }
    } else {
        fillRounded(painter, rect, metrics::kSmallRadius, colors.canvas);
        strokeRounded(painter, rect, metrics::kSmallRadius,
                      option.state & QStyle::State_MouseOver ? colors.secondary : colors.outline);
    }
    if (wantsFocusRing(option))
        drawFocusRing(painter, rect, metrics::kSmallRadius, colors);
}

void drawRadioButton(QPainter& painter, const QStyleOption& option)
{
    const Colors& colors = colorsOf(option.palette);
    const QRectF rect(option.rect);
    const qreal radius = rect.width() / 2;
    if (option.state & QStyle::State_On) {
        fillRounded(painter, rect, radius, isEnabled(option) ? colors.accent : colors.disabled);
        fillRounded(painter, rect.adjusted(5, 5, -5, -5), radius - 5, colors.onAccent);
    } else {
        fillRounded(painter, rect, radius, colors.canvas);
        // Nothing but its edge shows what it is: an edge like others' is too faint for that.
        strokeRounded(painter, rect, radius,
                      option.state & QStyle::State_MouseOver ? colors.text : colors.secondary);
    }
    if (wantsFocusRing(option))
        drawFocusRing(painter, rect, radius, colors);
}

void drawComboBox(QPainter& painter, const QStyleOptionComboBox& option)
{
    const Colors& colors = colorsOf(option.palette);
    drawControlFrame(painter, option, colors.raised);
    tint(painter, option, option.rect, metrics::kRadius);
    const int side = metrics::kIconSize;
    const QPoint corner(option.rect.right() - side - 5, option.rect.center().y() + 1 - side / 2);
    painter.drawPixmap(corner, iconPixmap(Icon::ChevronDown, side,
                                          isEnabled(option) ? colors.secondary : colors.disabled,
                                          painter.device()->devicePixelRatioF()));
    if (option.state & QStyle::State_HasFocus)
        strokeRounded(painter, option.rect, metrics::kRadius, colors.accent, 1.5);
}

} // namespace caisson::style
