// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemView>
#include <QCursor>
#include <QPainter>
#include <QStyleOption>
#include <QTabBar>

#include "widgets/common/colors.h"
#include "widgets/common/icons.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/style_parts.h"

namespace caisson::style {

void drawItemBackground(QPainter& painter, const QStyleOptionViewItem& option,
                        const QWidget* widget)
{
    const Colors& colors = colorsOf(option.palette);
    const QColor surface = surfaceBehind(widget, colors);
    QColor color;
    if (option.state & QStyle::State_Selected)
        color = option.state & QStyle::State_Active ? colors.selection
                                                    : blended(colors.pressed, surface);
    else if (option.state & QStyle::State_MouseOver)
        color = blended(colors.hover, surface);
    if (!color.isValid()) {
        if (option.backgroundBrush.style() != Qt::NoBrush)
            painter.fillRect(option.rect, option.backgroundBrush);
        return;
    }

    const auto* view = qobject_cast<const QAbstractItemView*>(widget);
    const bool isWholeRow = view && (view->inherits("QTreeView") || view->inherits("QListView") ||
                                     view->selectionBehavior() == QAbstractItemView::SelectRows);
    if (!isWholeRow) {
        painter.fillRect(option.rect, color);
        return;
    }
    // A row is painted in pieces (branches, then each column). Each piece shows its part of one
    // rounded shape, in an opaque colour, because some pieces are painted twice.
    QRectF row(option.rect);
    row.setLeft(4);
    row.setRight(view->viewport()->width() - 4);
    painter.save();
    painter.setClipRect(option.rect, Qt::IntersectClip);
    fillRounded(painter, row, metrics::kSmallRadius, color);
    painter.restore();
}

void drawHeaderSection(QPainter& painter, const QStyleOption& option, const QWidget* widget)
{
    const Colors& colors = colorsOf(option.palette);
    painter.fillRect(option.rect, surfaceBehind(widget ? widget->parentWidget() : nullptr, colors));
    painter.fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1),
                     colors.hairline);
}

void drawBranch(QPainter& painter, const QStyleOption& option)
{
    if (!(option.state & QStyle::State_Children))
        return;
    const Colors& colors = colorsOf(option.palette);
    const bool isOpen = option.state & QStyle::State_Open;
    const int side = metrics::kIconSize;
    // Off the edge of the row's colour, which begins in the first branch.
    const int shift = 3;
    const QPoint corner(option.rect.center().x() + 1 - side / 2 + shift,
                        option.rect.center().y() + 1 - side / 2);
    painter.drawPixmap(corner, iconPixmap(isOpen ? Icon::ChevronDown : Icon::ChevronRight, side,
                                          colors.secondary, painter.device()->devicePixelRatioF()));
}

void drawTab(QPainter& painter, const QStyleOptionTab& option, const QWidget*)
{
    const Colors& colors = colorsOf(option.palette);
    const bool isSelected = option.state & QStyle::State_Selected;
    if (!isSelected && (option.state & QStyle::State_MouseOver))
        painter.fillRect(option.rect.adjusted(0, 0, 0, -1), colors.hover);
    if (isSelected) {
        const QRectF line(option.rect.left() + 8, option.rect.bottom() - 1,
                          option.rect.width() - 16, 2);
        painter.fillRect(snappedToDevice(painter, line), colors.accent);
    }
    if (wantsFocusRing(option))
        drawFocusRing(painter, QRectF(option.rect).adjusted(2, 3, -2, -4), metrics::kSmallRadius,
                      colors);
}

void drawTabTear(QPainter& painter, const QStyleOption& option, bool isLeft)
{
    const QColor surface = option.palette.color(QPalette::Window);
    QColor clear = surface;
    clear.setAlpha(0);
    const QRect rect = option.rect.adjusted(0, 0, 0, -1); // above the bar's line
    QLinearGradient fade(rect.topLeft(), rect.topRight());
    fade.setColorAt(0, isLeft ? surface : clear);
    fade.setColorAt(1, isLeft ? clear : surface);
    painter.fillRect(rect, fade);
}

void drawArrow(QPainter& painter, const QStyleOption& option, Icon icon)
{
    const bool isEnabled = option.state & QStyle::State_Enabled;
    const QColor color =
        isEnabled ? option.palette.color(QPalette::ButtonText) : colorsOf(option.palette).disabled;
    const int side = metrics::kIconSize;
    const QPoint corner(option.rect.left() + (option.rect.width() - side) / 2,
                        option.rect.top() + (option.rect.height() - side) / 2);
    painter.drawPixmap(corner,
                       iconPixmap(icon, side, color, painter.device()->devicePixelRatioF()));
}

void drawTabClose(QPainter& painter, const QStyleOption& option, const QWidget* widget)
{
    // Quiet: seen on the current tab and on the one under the pointer.
    const bool isOverButton = option.state & QStyle::State_MouseOver;
    bool isShown = option.state & QStyle::State_Selected;
    const auto* bar = widget ? qobject_cast<const QTabBar*>(widget->parentWidget()) : nullptr;
    if (!isShown && bar && bar->underMouse()) {
        const int hovered = bar->tabAt(bar->mapFromGlobal(QCursor::pos()));
        isShown = hovered >= 0 && bar->tabRect(hovered).contains(widget->geometry().center());
    }
    if (!isShown && !isOverButton)
        return;
    const Colors& colors = colorsOf(option.palette);
    if (isOverButton)
        fillRounded(painter, option.rect, metrics::kSmallRadius,
                    option.state & QStyle::State_Sunken ? colors.pressed : colors.hover);
    const int side = 14;
    const QPoint corner(option.rect.left() + (option.rect.width() - side) / 2,
                        option.rect.top() + (option.rect.height() - side) / 2);
    painter.drawPixmap(corner,
                       iconPixmap(Icon::Close, side, isOverButton ? colors.text : colors.secondary,
                                  painter.device()->devicePixelRatioF()));
}

} // namespace caisson::style
