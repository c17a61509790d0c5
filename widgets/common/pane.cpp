// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/pane.h"

#include <QAbstractItemView>
#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStackedLayout>
#include <QTreeView>

#include "widgets/common/activity_line.h"
#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/room_scroll.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/tool_button.h"

namespace caisson {

Pane::Pane(const QString& name, const QString& title, QWidget* parent)
    : QWidget(parent)
    , m_title(new QLabel)
    , m_titleRow(new QHBoxLayout)
    , m_pages(new QStackedLayout)
    , m_activity(new ActivityLine(this))
{
    setObjectName(name);
    m_title->setObjectName(name + QStringLiteral(".title"));
    m_title->setFont(paneTitleFont());
    m_title->setForegroundRole(QPalette::PlaceholderText);
    m_title->setTextFormat(Qt::PlainText);

    m_titleRow->setContentsMargins(12, 0, 6, 0);
    m_titleRow->setSpacing(2);
    m_titleRow->addWidget(m_title, 1);
    auto* titleRow = new QWidget;
    titleRow->setObjectName(name + QStringLiteral(".titleRow"));
    titleRow->setFixedHeight(metrics::kTabHeight);
    titleRow->setLayout(m_titleRow);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(titleRow);
    layout->addLayout(m_pages, 1);
    setTitle(title);

    m_activity->setObjectName(name + QStringLiteral(".activity"));
    m_activity->hide();
}

void Pane::setBusy(bool isBusy)
{
    m_activity->setBusy(isBusy);
}

void Pane::resizeEvent(QResizeEvent*)
{
    const int height = m_activity->height();
    m_activity->setGeometry(0, metrics::kTabHeight - height, width(), height);
}

void Pane::setTitle(const QString& title)
{
    m_title->setText(title);
    setAccessibleName(title);
}

QToolButton* Pane::addTool(QAction* action)
{
    QToolButton* button = makeToolButton(action, this);
    button->setObjectName(objectName() + u'.' + action->objectName());
    m_titleRow->addWidget(button);
    return button;
}

int Pane::addPage(QWidget* page)
{
    return m_pages->addWidget(page);
}

void Pane::showPage(QWidget* page)
{
    m_pages->setCurrentWidget(page);
}

QWidget* Pane::currentPage() const
{
    return m_pages->currentWidget();
}

void Pane::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Window));
}

TopClip::TopClip(QWidget* content, int lowest, QWidget* parent)
    : QWidget(parent)
    , m_content(content)
    , m_lowest(lowest)
{
    m_content->setParent(this);
}

QSize TopClip::sizeHint() const
{
    return m_content->sizeHint();
}

QSize TopClip::minimumSizeHint() const
{
    return {m_content->minimumSizeHint().width(), m_lowest};
}

bool TopClip::event(QEvent* event)
{
    if (event->type() == QEvent::LayoutRequest)
        place(); // it may need more than before
    return QWidget::event(event);
}

void TopClip::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    place();
}

void TopClip::place()
{
    m_content->setGeometry(0, 0, width(), qMax(height(), leastHeight(*m_content, width())));
}

QToolButton* makeToolButton(QAction* action, QWidget* parent)
{
    auto* button = new ToolButton(parent);
    button->setDefaultAction(action);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    button->setIconSize(QSize(metrics::kIconSize, metrics::kIconSize));
    const auto describe = [button, action] {
        QString text = stripMnemonics(action->text());
        button->setAccessibleName(text);
        if (!action->shortcut().isEmpty())
            text += QStringLiteral("  ") + action->shortcut().toString(QKeySequence::NativeText);
        button->setToolTip(text);
    };
    QObject::connect(action, &QAction::changed, button, describe);
    describe();
    return button;
}

void layOnPanel(QAbstractItemView* view)
{
    view->setFrameShape(QFrame::NoFrame);
    view->viewport()->setBackgroundRole(QPalette::Window);
    view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setMouseTracking(true);
    if (auto* tree = qobject_cast<QTreeView*>(view)) {
        tree->setUniformRowHeights(true);
        tree->setHeaderHidden(true);
        tree->setAnimated(false);
    }
}

} // namespace caisson
