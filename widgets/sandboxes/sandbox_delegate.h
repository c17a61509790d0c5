// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/common/name_delegate.h"

namespace caisson {

/// A row of the sandboxes' list: the state's shape, the name, and at the right its age, behind a
/// word for what it is when it does not run.
class SandboxDelegate : public NameDelegate
{
    Q_OBJECT
public:
    using NameDelegate::NameDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const override;
};

} // namespace caisson
