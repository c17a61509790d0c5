// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRect>
#include <QRegion>
#include <QStyle>

#include "widgets/common/icons.h"

class QPainter;
class QStyleOption;
class QStyleOptionButton;
class QStyleOptionComboBox;
class QStyleOptionFrame;
class QStyleOptionMenuItem;
class QStyleOptionSlider;
class QStyleOptionTab;
class QStyleOptionToolButton;
class QStyleOptionViewItem;
class QWidget;

/// What Style draws, by kind of control. Pure drawing: no state is kept between calls.
namespace caisson::style {

// style_controls.cpp
void drawPushButtonBevel(QPainter& painter, const QStyleOptionButton& option,
                         const QWidget* widget);
/// The colour of a push button's text and icon.
QColor pushButtonTextColor(const QStyleOptionButton& option, const QWidget* widget);
void drawPushButtonLabel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget,
                         const QStyle& style);
void drawToolButton(QPainter& painter, const QStyleOptionToolButton& option, const QWidget* widget);
void drawLineEditPanel(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void drawCheckBox(QPainter& painter, const QStyleOption& option);
void drawRadioButton(QPainter& painter, const QStyleOption& option);
void drawComboBox(QPainter& painter, const QStyleOptionComboBox& option);

// style_menus.cpp
void drawMenuPanel(QPainter& painter, const QStyleOption& option);
/// The pixels that drawMenuPanel() touches.
QRegion menuShape(const QRect& rect);
void drawMenuItem(QPainter& painter, const QStyleOptionMenuItem& option, const QWidget* widget);
QSize menuItemSize(const QStyleOptionMenuItem& option, const QSize& contents);
void drawToolTipPanel(QPainter& painter, const QStyleOption& option);

// style_scroll_bars.cpp
void drawScrollBar(QPainter& painter, const QStyleOptionSlider& option, const QWidget* widget);
QRect scrollBarRect(const QStyleOptionSlider& option, QStyle::SubControl control);

// style_views.cpp
void drawItemBackground(QPainter& painter, const QStyleOptionViewItem& option,
                        const QWidget* widget);
/// The head of a table's column: quiet, on the table's surface, above a hairline.
void drawHeaderSection(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void drawBranch(QPainter& painter, const QStyleOption& option);
void drawTab(QPainter& painter, const QStyleOptionTab& option, const QWidget* widget);
/// Where tabs go on beyond the edge of their bar: they fade out.
void drawTabTear(QPainter& painter, const QStyleOption& option, bool isLeft);
void drawArrow(QPainter& painter, const QStyleOption& option, Icon icon);
void drawTabClose(QPainter& painter, const QStyleOption& option, const QWidget* widget);

} // namespace caisson::style
