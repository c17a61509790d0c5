// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/name_delegate.h"

#include <QKeyEvent>

#include "widgets/common/leaving.h"
#include "widgets/common/name_edit.h"

namespace caisson {

/// Also comes when the person turns to another row: what is no name is then given up.
void NameDelegate::setModelData(QWidget* editor, QAbstractItemModel* model,
                                const QModelIndex& index) const
{
    const auto* edit = qobject_cast<NameEdit*>(editor);
    if (edit && edit->isAcceptable())
        QStyledItemDelegate::setModelData(editor, model, index);
}

/// Enter and a click elsewhere would close the editor, and what was typed would be lost.
bool NameDelegate::eventFilter(QObject* editor, QEvent* event)
{
    auto* edit = qobject_cast<NameEdit*>(editor);
    // Nor is half a name taken because something interrupts.
    if (edit && edit->isModified() && event->type() == QEvent::FocusOut &&
        leavingOf(*edit, *static_cast<QFocusEvent*>(event)) == Leaving::Interrupted)
        return false;
    if (edit && !edit->isAcceptable()) {
        if (event->type() == QEvent::FocusOut && !edit->text().isEmpty())
            return false;
        if (event->type() == QEvent::KeyPress) {
            const int key = static_cast<QKeyEvent*>(event)->key();
            if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Tab ||
                key == Qt::Key_Backtab) {
                edit->check();
                return true;
            }
        }
    }
    return QStyledItemDelegate::eventFilter(editor, event);
}

} // namespace caisson
