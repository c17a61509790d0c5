// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/keyboard_focus.h"

#include <QDialog>
#include <QLayout>
#include <QSplitter>
#include <QTabBar>

namespace caisson {

namespace {

bool takesTab(const QWidget* widget)
{
    return (widget->focusPolicy() & Qt::TabFocus) == Qt::TabFocus && !widget->focusProxy() &&
           widget->isEnabled() && widget->isVisible();
}

void addLaidOut(QLayout& layout, QList<QWidget*>& order)
{
    for (int place = 0; place < layout.count(); ++place) {
        QLayoutItem* item = layout.itemAt(place);
        if (QWidget* widget = item->widget())
            order += widget;
        else if (QLayout* inner = item->layout())
            addLaidOut(*inner, order);
    }
}

/// First those with a place in the layout; then, in the order in which they were made, what lies
/// over them.
QList<QWidget*> childrenInOrder(const QWidget& widget)
{
    QList<QWidget*> order;
    if (const auto* splitter = qobject_cast<const QSplitter*>(&widget)) {
        for (int place = 0; place < splitter->count(); ++place)
            order += splitter->widget(place);
    } else if (widget.layout()) {
        addLaidOut(*widget.layout(), order);
    }
    for (QWidget* child : widget.findChildren<QWidget*>(Qt::FindDirectChildrenOnly)) {
        if (!order.contains(child))
            order += child;
    }
    return order;
}

/// Those that cannot be seen, too.
void addFrom(const QWidget& widget, QList<QWidget*>& order)
{
    for (QWidget* child : childrenInOrder(widget)) {
        if (child->isWindow())
            continue;
        order += child;
        if (!qobject_cast<QTabBar*>(child))
            addFrom(*child, order);
    }
}

} // namespace

QList<QWidget*> focusOrder(const QWidget& window)
{
    QList<QWidget*> order;
    addFrom(window, order);
    order.removeIf([](const QWidget* widget) { return !takesTab(widget); });
    return order;
}

void openWithRing(QDialog& dialog)
{
    dialog.open();
    // Only now: becoming visible takes the mark of the keyboard away.
    dialog.setAttribute(Qt::WA_KeyboardFocusChange);
    dialog.update();
    if (QWidget* focus = dialog.focusWidget())
        focus->update();
}

bool focusNext(const QWidget& window, bool isForward)
{
    // What had the focus may just have been hidden: its place still counts.
    QList<QWidget*> order;
    addFrom(window, order);
    const qsizetype count = order.size();
    const qsizetype now = order.indexOf(window.focusWidget());
    qsizetype place = now < 0 && !isForward ? 0 : now;
    for (qsizetype step = 0; step < count; ++step) {
        place = (place + (isForward ? 1 : count - 1)) % count;
        if (!takesTab(order[place]))
            continue;
        order[place]->setFocus(isForward ? Qt::TabFocusReason : Qt::BacktabFocusReason);
        return true;
    }
    return false;
}

} // namespace caisson
