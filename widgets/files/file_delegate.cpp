// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/files/file_delegate.h"

#include "widgets/common/colors.h"
#include "widgets/common/file_icons.h"
#include "widgets/common/name_edit.h"
#include "widgets/common/style_painting.h"
#include "widgets/models/file_tree_model.h"

namespace caisson {

namespace {

Icon iconOf(const QModelIndex& index, bool isOpen)
{
    if (index.data(FileTreeModel::SymlinkRole).toBool())
        return Icon::Symlink;
    if (index.data(FileTreeModel::FolderRole).toBool())
        return isOpen ? Icon::FolderOpen : Icon::Folder;
    return fileIcon(index.data().toString());
}

} // namespace

void FileDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    const Colors& colors = colorsOf(option->palette);
    option->features |= QStyleOptionViewItem::HasDecoration;
    option->decorationSize = QSize(metrics::kIconSize, metrics::kIconSize);
    option->icon = icon(iconOf(index, option->state.testFlag(QStyle::State_Open)));
    option->textElideMode = Qt::ElideMiddle;
    option->state.setFlag(QStyle::State_HasFocus, false); // FileTree shows it, round the whole row
    const bool isFaint = index.data(FileTreeModel::DanglingRole).toBool() ||
                         index.data(FileTreeModel::SpecialRole).toBool() ||
                         option->text.startsWith(QLatin1Char('.'));
    if (isFaint) {
        option->palette.setColor(QPalette::Text, colors.secondary);
        option->palette.setColor(QPalette::HighlightedText, colors.secondary);
    }
}

QSize FileDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    return {QStyledItemDelegate::sizeHint(option, index).width(), metrics::kRowHeight};
}

QWidget* FileDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                    const QModelIndex& index) const
{
    const auto* model = qobject_cast<const FileTreeModel*>(index.model());
    auto* edit = new NameEdit(
        QStringLiteral("files.name"),
        [model, named = QPersistentModelIndex(index)](const QString& name) {
            return model ? model->nameProblem(named, name) : QString();
        },
        parent);
    edit->setAccessibleName(index.data(FileTreeModel::FolderRole).toBool()
                                ? tr("Name of the folder")
                                : tr("Name of the file"));
    return edit;
}

void FileDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const
{
    auto* edit = qobject_cast<QLineEdit*>(editor);
    const QString name = index.data(Qt::EditRole).toString();
    edit->setText(name);
    // The name without its suffix is what a person wants to replace. The view selects everything
    // after this call, so the selection comes one turn of the loop later.
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    if (dot > 0 && !index.data(FileTreeModel::FolderRole).toBool()) {
        QMetaObject::invokeMethod(
            edit, [edit, dot] { edit->setSelection(0, static_cast<int>(dot)); },
            Qt::QueuedConnection);
    }
}

} // namespace caisson
