// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/tab_bar.h"

#include <QAbstractButton>
#include <QMouseEvent>

namespace caisson {

namespace {
constexpr int kWidest = 240;
constexpr int kNarrowest = 64;
constexpr int kButtonGap = 4; ///< QTabBar's
} // namespace

TabBar::TabBar(const QString& name, QWidget* parent)
    : QTabBar(parent)
{
    setObjectName(name);
    setDocumentMode(true);
    setExpanding(false);
    setMovable(true);
    setTabsClosable(true);
    setUsesScrollButtons(true);
    setElideMode(Qt::ElideMiddle);
    setFocusPolicy(Qt::TabFocus);
    setSelectionBehaviorOnRemove(QTabBar::SelectRightTab); // the neighbour
}

void TabBar::mouseReleaseEvent(QMouseEvent* event)
{
    const int tab = tabAt(event->position().toPoint());
    if (event->button() == Qt::MiddleButton && tab >= 0 && tabsClosable()) {
        emit tabCloseRequested(tab);
        return;
    }
    QTabBar::mouseReleaseEvent(event);
}

QSize TabBar::tabSizeHint(int index) const
{
    QSize size = QTabBar::tabSizeHint(index);
    const QWidget* button = tabButton(index, QTabBar::RightSide);
    if (button && index != currentIndex())
        size.rwidth() -= button->width() + kButtonGap;
    size.setWidth(qBound(kNarrowest, size.width(), kWidest));
    return size;
}

QSize TabBar::minimumSizeHint() const
{
    // Room for the scroll buttons is not needed where there is nothing to scroll to.
    return QTabBar::minimumSizeHint().boundedTo(sizeHint());
}

QSize TabBar::minimumTabSizeHint(int index) const
{
    return tabSizeHint(index);
}

void TabBar::tabInserted(int index)
{
    QTabBar::tabInserted(index);
    if (QWidget* button = tabButton(index, QTabBar::RightSide)) {
        button->setObjectName(objectName() + QStringLiteral(".close"));
        button->setAccessibleName(tr("Close"));
        button->setToolTip(tr("Close"));
    }
}

} // namespace caisson
