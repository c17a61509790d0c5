// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/room_scroll.h"

#include <QApplication>
#include <QLayout>
#include <QScrollBar>
#include <QStackedWidget>

namespace caisson {

namespace {

constexpr int kLeast = 40;
constexpr int kAround = 8;

} // namespace

int leastHeight(const QWidget& widget, int width)
{
    if (const auto* stack = qobject_cast<const QStackedWidget*>(&widget); stack)
        return stack->currentWidget() ? leastHeight(*stack->currentWidget(), width) : 0;
    const QLayout* layout = widget.layout();
    return layout && layout->hasHeightForWidth() ? layout->totalMinimumHeightForWidth(width)
                                                 : widget.minimumSizeHint().height();
}

RoomScroll::RoomScroll(const QString& name, QWidget* content, QWidget* parent)
    : QScrollArea(parent)
{
    setObjectName(name);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false); // what it lies on shows
    const bool isFilled = content->autoFillBackground();
    setWidget(content);
    content->setAutoFillBackground(isFilled); // which setWidget() turns on
    connect(qApp, &QApplication::focusChanged, this, [this] {
        // Not under the pointer, where a button would be gone before it is let go.
        if (QApplication::mouseButtons() == Qt::NoButton)
            keepFocusInSight();
    });
}

void RoomScroll::fit()
{
    const QSize room = maximumViewportSize();
    int width = room.width();
    int least = leastHeight(*widget(), width);
    if (least > room.height()) {
        width -= verticalScrollBar()->sizeHint().width();
        least = leastHeight(*widget(), width);
    }
    const QSize size(width, qMax(room.height(), least));
    if (size == widget()->size())
        return;
    widget()->resize(size);
    keepFocusInSight();
}

void RoomScroll::keepFocusInSight()
{
    QWidget* focus = window()->focusWidget();
    if (focus && focus != widget() && widget()->isAncestorOf(focus) &&
        focus->height() <= viewport()->height())
        ensureWidgetVisible(focus, 0, kAround);
}

QSize RoomScroll::sizeHint() const
{
    return widget()->sizeHint();
}

QSize RoomScroll::minimumSizeHint() const
{
    return {widget()->minimumSizeHint().width(), kLeast};
}

bool RoomScroll::event(QEvent* event)
{
    if (event->type() == QEvent::LayoutRequest)
        fit();
    return QScrollArea::event(event);
}

bool RoomScroll::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == widget() && event->type() == QEvent::LayoutRequest)
        fit();
    return QScrollArea::eventFilter(watched, event);
}

void RoomScroll::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    fit();
}

} // namespace caisson
