// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/table.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDateTime>
#include <QDrag>
#include <QHeaderView>
#include <QHelpEvent>
#include <QMimeData>
#include <QPainter>
#include <QToolTip>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/pane.h"
#include "widgets/common/relative_time.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/tool_tip.h"

namespace caisson {

namespace {

constexpr int kPadding = 6;
/// The first column keeps off the edge of the row's colour.
constexpr int kFirstPadding = 12;

/// What a row is while it is dragged, beside the pointer: the row itself lay over the line that tells
/// where it would come to.
QPixmap dragPicture(const QString& text, const QWidget& view)
{
    constexpr int kWidest = 260;
    const Colors& colors = colorsOf(view.palette());
    const QFontMetrics metrics(secondaryFont());
    const QString shown = metrics.elidedText(text, Qt::ElideMiddle, kWidest);
    const QSize size(metrics.horizontalAdvance(shown) + 2 * kFirstPadding, metrics::kRowHeight);
    QPixmap picture(size * view.devicePixelRatioF());
    picture.setDevicePixelRatio(view.devicePixelRatioF());
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setOpacity(0.85);
    fillRounded(painter, QRectF({}, size), metrics::kSmallRadius, colors.selection);
    painter.setOpacity(1);
    painter.setFont(secondaryFont());
    painter.setPen(colors.text);
    painter.drawText(QRect({}, size), Qt::AlignCenter | Qt::TextSingleLine, shown);
    return picture;
}

/// Whole rows: the pointer is over one, Home and End go to the first and the last, and what is dragged
/// leaves the line to be seen where it would come to.
class Table : public QTableView
{
public:
    int hoveredRow() const { return m_hovered.isValid() ? m_hovered.row() : -1; }

protected:
    bool viewportEvent(QEvent* event) override
    {
        switch (event->type()) {
        case QEvent::HoverEnter:
        case QEvent::HoverMove:
            m_hovered = indexAt(static_cast<QHoverEvent*>(event)->position().toPoint());
            break;
        case QEvent::HoverLeave:
        case QEvent::Leave:
            m_hovered = QPersistentModelIndex();
            break;
        default:
            break;
        }
        return QTableView::viewportEvent(event);
    }
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override
    {
        const QModelIndex now = currentIndex();
        if (now.isValid() && action == MoveHome)
            return now.siblingAtRow(0);
        if (now.isValid() && action == MoveEnd)
            return now.siblingAtRow(model()->rowCount() - 1);
        return QTableView::moveCursor(action, modifiers);
    }
    void startDrag(Qt::DropActions actions) override
    {
        QMimeData* data = model()->mimeData(selectedIndexes());
        if (!data)
            return;
        auto* drag = new QDrag(this); // Qt deletes it
        drag->setMimeData(data);
        drag->setPixmap(dragPicture(
            currentIndex().siblingAtColumn(0).data(Qt::AccessibleTextRole).toString(), *this));
        drag->setHotSpot({-metrics::kIconSize, -metrics::kIconSize / 2});
        drag->exec(actions, defaultDropAction());
    }

private:
    QPersistentModelIndex m_hovered;
};

bool isLastShown(const QWidget* view, const QModelIndex& index)
{
    const auto* table = qobject_cast<const QTableView*>(view);
    for (int column = index.column() + 1; column < index.model()->columnCount(); ++column) {
        if (!table || !table->isColumnHidden(column))
            return false;
    }
    return true;
}

} // namespace

QTableView* makeTable(const QString& name, const QString& title)
{
    auto* table = new Table;
    table->setObjectName(name);
    table->setAccessibleName(title);
    layOnPanel(table);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setCornerButtonEnabled(false);
    table->setTabKeyNavigation(false); // Tab goes on through the window
    table->setContextMenuPolicy(Qt::CustomContextMenu);
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(metrics::kRowHeight);
    table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table->verticalHeader()->setDefaultSectionSize(metrics::kRowHeight);
    QHeaderView* head = table->horizontalHeader();
    head->setObjectName(name + QStringLiteral(".head"));
    table->verticalHeader()->setObjectName(name + QStringLiteral(".rows"));
    for (auto* corner : table->findChildren<QAbstractButton*>(Qt::FindDirectChildrenOnly))
        corner->setObjectName(name + QStringLiteral(".corner"));
    head->setFont(secondaryFont());
    head->setFixedHeight(metrics::kRowHeight);
    head->setSectionsClickable(false);
    head->setHighlightSections(false);
    head->setMinimumSectionSize(24);
    head->setFocusPolicy(Qt::NoFocus);
    return table;
}

Icon actionIcon(const QString& action)
{
    if (action == QLatin1String("allow"))
        return Icon::Check;
    if (action == QLatin1String("tunnel"))
        return Icon::Tunnel;
    return action == QLatin1String("ask") ? Icon::Flag : Icon::Deny;
}

QColor actionColor(const QString& action, const Colors& colors)
{
    if (action == QLatin1String("deny"))
        return colors.failed;
    // Amber is for what waits, not for a rule by which something might.
    return action == QLatin1String("ask") ? colors.secondary : colors.running;
}

void TableDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const
{
    QStyleOptionViewItem row = option;
    initStyleOption(&row, index);
    if (const auto* table = dynamic_cast<const Table*>(row.widget))
        row.state.setFlag(QStyle::State_MouseOver, table->hoveredRow() == index.row());
    const Colors& colors = colorsOf(row.palette);
    QStyle* style = row.widget ? row.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &row, painter, row.widget);
    painter->save();
    const int left = index.column() == 0 ? kFirstPadding : kPadding;
    const bool isLast = isLastShown(row.widget, index);
    paintCell(*painter, row.rect.adjusted(left, 0, -(isLast ? kFirstPadding : kPadding), 0), row,
              index, colors);
    painter->restore();
    if (row.state & QStyle::State_HasFocus && wantsFocusRing(row))
        drawFocusRing(*painter, QRectF(row.rect).adjusted(1, 1, -1, -1), metrics::kSmallRadius,
                      colors);
}

void TableDelegate::paintCell(QPainter& painter, const QRect& cell,
                              const QStyleOptionViewItem& option, const QModelIndex& index,
                              const Colors& colors) const
{
    const QVariant value = index.data();
    const bool isTime = value.typeId() == QMetaType::QDateTime;
    const QString text =
        isTime ? shortAge(value.toDateTime(), QDateTime::currentDateTimeUtc()) : value.toString();
    const QFont font = index.column() == 0 ? uiFont() : secondaryFont();
    painter.setFont(font);
    painter.setPen(index.column() == 0 ? colors.text : colors.secondary);
    painter.drawText(cell,
                     static_cast<int>(option.displayAlignment) | Qt::TextSingleLine |
                         Qt::TextForceLeftToRight,
                     QFontMetrics(font).elidedText(text, Qt::ElideMiddle, cell.width()));
}

bool TableDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view,
                              const QStyleOptionViewItem& option, const QModelIndex& index)
{
    if (event->type() != QEvent::ToolTip || !index.isValid())
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    const QString tip = foldedTip(index.data(Qt::ToolTipRole).toString());
    QToolTip::showText(event->globalPos(), tip, view->viewport(), view->visualRect(index));
    event->setAccepted(!tip.isEmpty());
    return event->isAccepted();
}

QSize TableDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {40, metrics::kRowHeight};
}

} // namespace caisson
