// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/common/name_delegate.h"

namespace caisson {

/// A row of the file tree: its icon by kind and name, faint where it is hidden or leads nowhere.
class FileDelegate : public NameDelegate
{
    Q_OBJECT
public:
    using NameDelegate::NameDelegate;

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

} // namespace caisson
