// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/egress/table.h"

namespace caisson {

/// A row of the log: a shape for the verdict, the method, and whose address it is.
class RequestDelegate : public TableDelegate
{
    Q_OBJECT
public:
    using TableDelegate::TableDelegate;

protected:
    void paintCell(QPainter& painter, const QRect& cell, const QStyleOptionViewItem& option,
                   const QModelIndex& index, const Colors& colors) const override;
};

} // namespace caisson
