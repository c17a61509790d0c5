// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/file_tree_model.h"

#include <QSet>
#include <QTreeView>

#include <optional>

namespace caisson {

/// The files of one sandbox as a tree. Files are named in place.
class FileTree : public QTreeView
{
    Q_OBJECT
public:
    /// `model` outlives it.
    explicit FileTree(FileTreeModel& model, QWidget* parent = nullptr);

    /// Begins a new file or folder, its name still to be typed: in the folder that is selected, or
    /// beside the file that is.
    void addNew(api::FileType type);
    void renameCurrent();
    void openCurrent();

    /// Paths of the folders that are open, for the next time.
    QList<QByteArray> expandedFolders() const;
    /// Opens them as soon as they are known.
    void setExpandedFolders(const QList<QByteArray>& paths);
    /// The one that is selected, or will be when it is known.
    QByteArray selectedFile() const;
    /// Shows and selects a file, now or when it is known.
    void reveal(const QByteArray& path);

signals:
    void openAsked(const QByteArray& path);

protected:
    void mousePressEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void drawRow(QPainter* painter, const QStyleOptionViewItem& option,
                 const QModelIndex& index) const override;
    void closeEditor(QWidget* editor, QAbstractItemDelegate::EndEditHint hint) override;

private:
    void opened(const QModelIndex& index);
    void folderLoaded(const QByteArray& path);
    bool isNaming() const;
    void beginDraft(const QModelIndex& folder, api::FileType type);
    void forgetWanted();
    void expandWanted();
    void selectWanted();
    void leaveCurrent();
    void returnToCurrent();

    FileTreeModel& m_model;
    QSet<QByteArray> m_wantedFolders; ///< to be opened when they are known
    QByteArray m_wantedFile;          ///< to be selected when it is known
    /// To be begun in a folder when its contents are known.
    struct WantedDraft
    {
        QByteArray folder;
        api::FileType type;
    };
    std::optional<WantedDraft> m_wantedDraft;
    QByteArray m_leftFile; ///< was current before many changes
};

} // namespace caisson
