// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/style.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QComboBox>
#include <QDialog>
#include <QEvent>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSplitterHandle>
#include <QStyleOption>
#include <QTabBar>

#include "widgets/common/colors.h"
#include "widgets/common/fade.h"
#include "widgets/common/icons.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/style_parts.h"

namespace caisson {

namespace {

/// The option as the type that belongs to the element; null when a caller passes another, and
/// Fusion draws.
template<typename Option>
const Option* as(const QStyleOption* option)
{
    return qstyleoption_cast<const Option*>(option);
}

} // namespace

void setButtonKind(QPushButton* button, ButtonKind kind)
{
    button->setProperty("buttonKind", static_cast<int>(kind));
    button->update();
}

void setWrong(QLineEdit* edit, bool isWrong)
{
    edit->setProperty("isWrong", isWrong);
    edit->update();
}

Style::Style()
    : QProxyStyle(QStringLiteral("Fusion"))
{
}

void Style::polish(QWidget* widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QMenu*>(widget) || qobject_cast<QDialog*>(widget) ||
        qobject_cast<QComboBox*>(widget))
        widget->installEventFilter(this);
    // The wheel must not give it the focus without which the wheel does nothing.
    if (qobject_cast<QComboBox*>(widget) && widget->focusPolicy() == Qt::WheelFocus)
        widget->setFocusPolicy(Qt::StrongFocus);
    if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) ||
        qobject_cast<QTabBar*>(widget) || widget->inherits("QScrollBar")) {
        widget->setAttribute(Qt::WA_Hover);
    } else if (auto* view = qobject_cast<QAbstractItemView*>(widget)) {
        view->viewport()->setAttribute(Qt::WA_Hover);
    } else if (auto* tip = qobject_cast<QLabel*>(widget); tip && tip->inherits("QTipLabel")) {
        // URLs and command lines of a sandbox, which are no HTML, whatever they look like.
        tip->setTextFormat(Qt::PlainText);
    } else if (auto* menu = qobject_cast<QMenu*>(widget)) {
        // The corners of the panel are round.
        menu->setAttribute(Qt::WA_TranslucentBackground);
        menu->setWindowFlag(Qt::FramelessWindowHint);
        menu->setWindowFlag(Qt::NoDropShadowWindowHint);
    }
}

bool Style::eventFilter(QObject* watched, QEvent* event)
{
    auto* widget = static_cast<QWidget*>(watched); // only those get it
    const bool isChoice = qobject_cast<QComboBox*>(widget);
    if (event->type() == QEvent::Show && !event->spontaneous() && !isChoice)
        fadeIn(widget);
    if (event->type() == QEvent::Wheel && isChoice && !widget->hasFocus()) {
        event->ignore(); // what lies under it scrolls
        return true;
    }
    return QProxyStyle::eventFilter(watched, event);
}

void Style::unpolish(QWidget* widget)
{
    widget->removeEventFilter(this);
    if (auto* menu = qobject_cast<QMenu*>(widget))
        menu->setAttribute(Qt::WA_TranslucentBackground, false);
    QProxyStyle::unpolish(widget);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const
{
    const Colors& colors = colorsOf(option->palette);
    switch (element) {
    case PE_PanelLineEdit:
        style::drawLineEditPanel(*painter, *option, widget);
        return;
    case PE_IndicatorCheckBox:
        style::drawCheckBox(*painter, *option);
        return;
    case PE_IndicatorRadioButton:
        style::drawRadioButton(*painter, *option);
        return;
    case PE_PanelItemViewRow:
    case PE_PanelItemViewItem:
        if (const auto* item = as<QStyleOptionViewItem>(option)) {
            style::drawItemBackground(*painter, *item, widget);
            return;
        }
        break;
    case PE_IndicatorBranch:
        style::drawBranch(*painter, *option);
        return;
    case PE_IndicatorTabClose:
        style::drawTabClose(*painter, *option, widget);
        return;
    case PE_IndicatorTabTearLeft:
    case PE_IndicatorTabTearRight:
        style::drawTabTear(*painter, *option, element == PE_IndicatorTabTearLeft);
        return;
    case PE_IndicatorArrowLeft:
        style::drawArrow(*painter, *option, Icon::ChevronLeft);
        return;
    case PE_IndicatorArrowRight:
        style::drawArrow(*painter, *option, Icon::ChevronRight);
        return;
    case PE_FrameTabBarBase:
        painter->fillRect(
            QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1),
            colors.hairline);
        return;
    case PE_FrameFocusRect:
        if (wantsFocusRing(*option))
            drawFocusRing(*painter, option->rect, metrics::kSmallRadius, colors);
        return;
    case PE_Frame:
    case PE_FrameGroupBox:
    case PE_FrameTabWidget:
        strokeRounded(*painter, option->rect, 0, colors.hairline);
        return;
    case PE_PanelMenu:
        style::drawMenuPanel(*painter, *option);
        return;
    case PE_PanelTipLabel:
        style::drawToolTipPanel(*painter, *option);
        return;
    case PE_PanelScrollAreaCorner:
        painter->fillRect(option->rect, surfaceBehind(widget, colors));
        return;
    case PE_FrameMenu:
    case PE_FrameStatusBarItem:
    case PE_PanelStatusBar:
    case PE_IndicatorToolBarSeparator:
        return;
    default:
        break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const
{
    const Colors& colors = colorsOf(option->palette);
    switch (element) {
    case CE_PushButtonBevel:
        if (const auto* button = as<QStyleOptionButton>(option)) {
            style::drawPushButtonBevel(*painter, *button, widget);
            return;
        }
        break;
    case CE_PushButtonLabel:
        if (const auto* button = as<QStyleOptionButton>(option)) {
            style::drawPushButtonLabel(*painter, *button, widget, *proxy());
            return;
        }
        break;
    case CE_TabBarTabShape:
        if (const auto* tab = as<QStyleOptionTab>(option)) {
            style::drawTab(*painter, *tab, widget);
            return;
        }
        break;
    case CE_TabBarTabLabel:
        if (const auto* tab = as<QStyleOptionTab>(option)) {
            QStyleOptionTab toned(*tab);
            const bool isBright = tab->state & (State_Selected | State_MouseOver);
            toned.palette.setColor(QPalette::WindowText, isBright ? colors.text : colors.secondary);
            toned.state.setFlag(State_HasFocus, false); // drawTab() shows the focus
            QProxyStyle::drawControl(element, &toned, painter, widget);
            return;
        }
        break;
    case CE_MenuItem:
        if (const auto* item = as<QStyleOptionMenuItem>(option)) {
            style::drawMenuItem(*painter, *item, widget);
            return;
        }
        break;
    case CE_MenuEmptyArea:
    case CE_MenuTearoff:
    case CE_ShapedFrame:
        if (element == CE_ShapedFrame) {
            const auto* frame = as<QStyleOptionFrame>(option);
            if (!frame || frame->frameShape == QFrame::NoFrame)
                return;
            if (frame->frameShape == QFrame::HLine || frame->frameShape == QFrame::VLine)
                painter->fillRect(option->rect, colors.hairline);
            else
                strokeRounded(*painter, option->rect, 0, colors.hairline);
        }
        return;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        style::drawHeaderSection(*painter, *option, widget);
        return;
    case CE_HeaderLabel:
        if (const auto* header = as<QStyleOptionHeader>(option)) {
            QStyleOptionHeader toned(*header);
            toned.palette.setColor(QPalette::ButtonText, colors.secondary);
            // Above the texts of its column, which keep off the edge of their row's colour.
            const bool isFirst = header->position == QStyleOptionHeader::Beginning ||
                                 header->position == QStyleOptionHeader::OnlyOneSection;
            const bool isLast = header->position == QStyleOptionHeader::End ||
                                header->position == QStyleOptionHeader::OnlyOneSection;
            toned.rect.adjust(isFirst ? 10 : 4, 0, isLast ? -10 : -4, 0);
            QProxyStyle::drawControl(element, &toned, painter, widget);
            return;
        }
        break;
    case CE_Splitter:
        painter->fillRect(option->rect,
                          option->state & State_MouseOver ? colors.accent : colors.hairline);
        return;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                               QPainter* painter, const QWidget* widget) const
{
    if (control == CC_ToolButton) {
        if (const auto* button = as<QStyleOptionToolButton>(option)) {
            style::drawToolButton(*painter, *button, widget);
            QStyleOptionToolButton label(*button);
            if (button->state & (State_MouseOver | State_On | State_Sunken))
                label.palette.setColor(QPalette::ButtonText, colorsOf(option->palette).text);
            else if (button->state & State_Enabled)
                label.palette.setColor(QPalette::ButtonText, colorsOf(option->palette).secondary);
            drawControl(CE_ToolButtonLabel, &label, painter, widget);
            return;
        }
    } else if (control == CC_ScrollBar) {
        if (const auto* bar = as<QStyleOptionSlider>(option)) {
            style::drawScrollBar(*painter, *bar, widget);
            return;
        }
    } else if (control == CC_ComboBox) {
        if (const auto* combo = as<QStyleOptionComboBox>(option)) {
            style::drawComboBox(*painter, *combo);
            return;
        }
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                            SubControl subControl, const QWidget* widget) const
{
    if (control == CC_ScrollBar) {
        if (const auto* bar = as<QStyleOptionSlider>(option))
            return style::scrollBarRect(*bar, subControl);
    }
    if (control == CC_ComboBox && subControl == SC_ComboBoxEditField)
        return option->rect.adjusted(8, 0, -24, 0);
    return QProxyStyle::subControlRect(control, option, subControl, widget);
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option,
                            const QWidget* widget) const
{
    if (element == SE_LineEditContents)
        return option->rect.adjusted(6, 1, -6, -1);
    if (element == SE_ItemViewItemFocusRect)
        return option->rect;
    if (element == SE_TabBarTabText) {
        // Where the close button is not seen, the text has its room.
        const auto* tab = as<QStyleOptionTab>(option);
        if (tab && !(tab->state & (State_Selected | State_MouseOver))) {
            QStyleOptionTab plain(*tab);
            plain.rightButtonSize = {};
            return QProxyStyle::subElementRect(element, &plain, widget);
        }
    }
    if (element == SE_TabBarTabRightButton) {
        QRect rect = QProxyStyle::subElementRect(element, option, widget);
        return rect.translated(4, 0);
    }
    return QProxyStyle::subElementRect(element, option, widget);
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        result.setHeight(qMax(metrics::kControlHeight, size.height() + 8));
        if (const auto* button = as<QStyleOptionButton>(option); button && !button->text.isEmpty())
            result.setWidth(qMax(72, size.width() + 24));
        break;
    case CT_LineEdit:
        result.setHeight(qMax(metrics::kControlHeight, size.height() + 4));
        break;
    case CT_ComboBox:
        result = QSize(size.width() + 36, qMax(metrics::kControlHeight, size.height() + 4));
        break;
    case CT_ToolButton:
        if (const auto* button = as<QStyleOptionToolButton>(option)) {
            const bool hasText = button->toolButtonStyle != Qt::ToolButtonIconOnly;
            result =
                hasText
                    ? QSize(size.width() + 12, metrics::kControlHeight)
                    : size.expandedTo(QSize(metrics::kToolButtonSize, metrics::kToolButtonSize));
        }
        break;
    case CT_TabBarTab:
        if (const auto* tab = as<QStyleOptionTab>(option);
            tab && (tab->shape == QTabBar::RoundedNorth || tab->shape == QTabBar::RoundedSouth)) {
            result = QSize(size.width(), metrics::kTabHeight);
        }
        break;
    case CT_ItemViewItem:
        result.setHeight(qMax(metrics::kRowHeight, result.height()));
        break;
    case CT_MenuItem:
        if (const auto* item = as<QStyleOptionMenuItem>(option))
            result = style::menuItemSize(*item, size);
        break;
    default:
        break;
    }
    return result;
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_ListViewIconSize:
    case PM_TabBarIconSize:
    case PM_LineEditIconSize:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
    case PM_TreeViewIndentation:
        return metrics::kIconSize;
    case PM_TabCloseIndicatorWidth:
    case PM_TabCloseIndicatorHeight:
        return 18;
    case PM_TabBarTabHSpace:
        return 24;
    case PM_TabBarTabVSpace:
        return 12;
    case PM_TabBarTabOverlap:
    case PM_TabBarBaseOverlap:
    case PM_TabBarTabShiftHorizontal:
    case PM_TabBarTabShiftVertical:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_MenuTearoffHeight:
    case PM_MenuDesktopFrameWidth:
    case PM_ScrollView_ScrollBarSpacing:
        return 0;
    case PM_FocusFrameHMargin:
        return 3; // between an item's icon and its text
    case PM_TabBarScrollButtonWidth:
        return metrics::kToolButtonSize;
    case PM_SplitterWidth:
        // QSplitter widens the area that can be grabbed to 5 px by itself when the handle is 1 px
        // wide.
    case PM_DefaultFrameWidth:
        return 1;
    case PM_ScrollBarExtent:
        return metrics::kScrollBarWidth;
    case PM_ScrollBarSliderMin:
        return 28;
    case PM_MenuPanelWidth:
        return 1;
    case PM_MenuHMargin:
    case PM_MenuVMargin:
        return 4;
    case PM_ToolTipLabelFrameWidth:
        return 6;
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
        return 16;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return 8;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                     QStyleHintReturn* returnData) const
{
    switch (hint) {
    case SH_ScrollBar_Transient:
    case SH_DialogButtonBox_ButtonsHaveIcons:
    case SH_EtchDisabledText:
    case SH_Menu_SloppySubMenus:
    case SH_ComboBox_Popup:
    case SH_DockWidget_ButtonsHaveFrame:
    case SH_ItemView_PaintAlternatingRowColorsForEmptyArea:
        return 0;
    case SH_Menu_MouseTracking:
    case SH_Menu_SupportsSections:
    case SH_ItemView_ShowDecorationSelected:
    case SH_ScrollBar_LeftClickAbsolutePosition:
    case SH_ToolTip_WakeUpDelay:
        return hint == SH_ToolTip_WakeUpDelay ? 500 : 1;
    case SH_ToolTipLabel_Opacity:
        return 255;
    case SH_TabBar_Alignment:
        return Qt::AlignLeft;
    case SH_TabBar_CloseButtonPosition:
        return QTabBar::RightSide;
    case SH_TabBar_ElideMode:
        return Qt::ElideMiddle;
    case SH_DialogButtonLayout:
        return 0; // the accepting button last, at the right
    case SH_Menu_Mask:
        // Without a compositor, which X11 may have and may not, what is transparent is black.
        if (QGuiApplication::platformName() != QLatin1String("xcb"))
            return 0;
        if (auto* mask = qstyleoption_cast<QStyleHintReturnMask*>(returnData))
            mask->region = style::menuShape(option->rect);
        return 1;
    default:
        return QProxyStyle::styleHint(hint, option, widget, returnData);
    }
}

QIcon Style::standardIcon(StandardPixmap standardIcon, const QStyleOption* option,
                          const QWidget* widget) const
{
    switch (standardIcon) {
    case SP_LineEditClearButton:
    case SP_TitleBarCloseButton:
    case SP_DockWidgetCloseButton:
        return icon(Icon::Close);
    case SP_ToolBarHorizontalExtensionButton:
        return icon(Icon::More);
    case SP_ArrowBack:
    case SP_FileDialogBack:
    case SP_ArrowLeft:
        return icon(Icon::ChevronLeft);
    case SP_FileDialogToParent:
        return icon(Icon::ArrowUp);
    case SP_FileDialogNewFolder:
        return icon(Icon::NewFolder);
    case SP_ArrowForward:
    case SP_ArrowRight:
        return icon(Icon::ChevronRight);
    case SP_MessageBoxWarning:
        return icon(Icon::Warning);
    case SP_MessageBoxCritical:
        return icon(Icon::Error);
    case SP_MessageBoxInformation:
        return icon(Icon::Info);
    case SP_FileIcon:
        return icon(Icon::File);
    case SP_ComputerIcon:
    case SP_DesktopIcon:
    case SP_DirHomeIcon:
    case SP_DriveHDIcon:
    case SP_DriveNetIcon:
    case SP_DirIcon:
    case SP_DirClosedIcon:
        return icon(Icon::Folder);
    case SP_DirOpenIcon:
        return icon(Icon::FolderOpen);
    default:
        return QProxyStyle::standardIcon(standardIcon, option, widget);
    }
}

} // namespace caisson
