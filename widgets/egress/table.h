// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>
#include <QTableView>

#include "widgets/common/icons.h"

namespace caisson {

struct Colors;

/// A table that lies on a panel: rows of one height, a quiet head, whole rows selected.
QTableView* makeTable(const QString& name, const QString& title);

/// The icon and the colour of "allow", "deny", "ask" and "tunnel": a shape as well as a colour.
Icon actionIcon(const QString& action);
QColor actionColor(const QString& action, const Colors& colors);

/// Paints a row's background and focus, and texts beside each other; the rest is for those who
/// derive from it.
class TableDelegate : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;

protected:
    /// The cell without its padding; background and focus are painted already.
    virtual void paintCell(QPainter& painter, const QRect& cell, const QStyleOptionViewItem& option,
                           const QModelIndex& index, const Colors& colors) const;
};

} // namespace caisson
