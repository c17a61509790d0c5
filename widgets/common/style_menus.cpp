// SPDX-License-Identifier: GPL-3.0-or-later
#include <QBitmap>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/style_parts.h"

namespace caisson::style {

namespace {

constexpr int kItemHeight = 28;
constexpr int kSeparatorHeight = 9;
constexpr int kHeadingHeight = 24;
constexpr int kPadding = 8;
constexpr int kIconColumn = metrics::kIconSize + 8;
constexpr int kShortcutGap = 32;
constexpr int kArrowColumn = 20;

bool hasIconColumn(const QStyleOptionMenuItem& option)
{
    return option.maxIconWidth > 0 || option.menuHasCheckableItems;
}

} // namespace

void drawMenuPanel(QPainter& painter, const QStyleOption& option)
{
    const Colors& colors = colorsOf(option.palette);
    fillRounded(painter, option.rect, metrics::kRadius, colors.raised);
    strokeRounded(painter, option.rect, metrics::kRadius, colors.outline);
}

QRegion menuShape(const QRect& rect)
{
    // Every pixel that the round corners touch.
    QPainterPath path;
    path.addRoundedRect(rect, metrics::kRadius, metrics::kRadius);
    QBitmap mask(rect.size());
    mask.clear();
    QPainter painter(&mask);
    painter.translate(-rect.topLeft());
    painter.setPen(QPen(Qt::color1, 0.5));
    painter.setBrush(Qt::color1);
    painter.drawPath(path);
    painter.end();
    return QRegion(mask).translated(rect.topLeft());
}

QSize menuItemSize(const QStyleOptionMenuItem& option, const QSize& contents)
{
    if (option.menuItemType == QStyleOptionMenuItem::Separator)
        return option.text.isEmpty() ? QSize(contents.width(), kSeparatorHeight)
                                     : QSize(contents.width() + 2 * kPadding, kHeadingHeight);
    // The width that QMenu measured holds the label; the shortcut's column comes on top of it.
    int width = contents.width() + 2 * kPadding + kArrowColumn;
    if (hasIconColumn(option))
        width += kIconColumn;
    if (option.reservedShortcutWidth > 0)
        width += kShortcutGap;
    return QSize(qMax(width, 160), kItemHeight);
}

void drawMenuItem(QPainter& painter, const QStyleOptionMenuItem& option, const QWidget*)
{
    const Colors& colors = colorsOf(option.palette);
    const QRect rect = option.rect;
    if (option.menuItemType == QStyleOptionMenuItem::Separator && !option.text.isEmpty()) {
        painter.save();
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(rect.adjusted(kPadding, 0, -kPadding, 0),
                         Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine, option.text);
        painter.restore();
        return;
    }
    if (option.menuItemType == QStyleOptionMenuItem::Separator) {
        painter.fillRect(
            QRect(rect.left() + kPadding, rect.center().y(), rect.width() - 2 * kPadding, 1),
            colors.hairline);
        return;
    }
    const bool isEnabled = option.state & QStyle::State_Enabled;
    const bool isActive = isEnabled && (option.state & QStyle::State_Selected);
    const qreal ratio = painter.device()->devicePixelRatioF();
    if (isActive)
        fillRounded(painter, rect, metrics::kSmallRadius, colors.selection);

    QRect content = rect.adjusted(kPadding, 0, -kPadding, 0);
    const int iconTop = rect.top() + (rect.height() - metrics::kIconSize) / 2;
    if (hasIconColumn(option)) {
        const QRect iconRect(content.left(), iconTop, metrics::kIconSize, metrics::kIconSize);
        if (option.checkType != QStyleOptionMenuItem::NotCheckable && option.checked) {
            painter.drawPixmap(iconRect,
                               iconPixmap(Icon::Check, metrics::kIconSize, colors.text, ratio));
        } else if (!option.icon.isNull()) {
            option.icon.paint(&painter, iconRect, Qt::AlignCenter,
                              !isEnabled ? QIcon::Disabled
                              : isActive ? QIcon::Active
                                         : QIcon::Normal);
        }
        content.setLeft(content.left() + kIconColumn);
    }

    const QStringList columns = option.text.split(u'\t');
    painter.save();
    painter.setFont(option.font);
    painter.setPen(isEnabled ? colors.text : colors.disabled);
    painter.drawText(content,
                     Qt::AlignVCenter | Qt::AlignLeft | Qt::TextShowMnemonic | Qt::TextSingleLine,
                     columns.first());
    if (columns.size() > 1) {
        painter.setPen(isEnabled ? colors.secondary : colors.disabled);
        painter.drawText(content, Qt::AlignVCenter | Qt::AlignRight | Qt::TextSingleLine,
                         columns.last());
    }
    painter.restore();
    if (option.menuItemType == QStyleOptionMenuItem::SubMenu) {
        painter.drawPixmap(
            QPoint(content.right() - metrics::kIconSize + 5, iconTop),
            iconPixmap(Icon::ChevronRight, metrics::kIconSize, colors.secondary, ratio));
    }
}

void drawToolTipPanel(QPainter& painter, const QStyleOption& option)
{
    const Colors& colors = colorsOf(option.palette);
    painter.fillRect(option.rect, colors.raised);
    strokeRounded(painter, option.rect, 0, colors.outline);
}

} // namespace caisson::style
