// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/files/file_tree.h"

#include <QHeaderView>
#include <QKeyEvent>

#include "widgets/common/colors.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"
#include "widgets/files/file_delegate.h"
#include "widgets/models/file_names.h"

namespace caisson {

namespace {

constexpr int kIndent = 16;
constexpr int kRowInset = 4; ///< of a row's colour, as the style paints it

} // namespace

FileTree::FileTree(FileTreeModel& model, QWidget* parent)
    : QTreeView(parent)
    , m_model(model)
{
    setObjectName(QStringLiteral("files.tree"));
    setAccessibleName(tr("Files"));
    setModel(&m_model);
    setItemDelegate(new FileDelegate(this));
    setEditTriggers(NoEditTriggers);
    setExpandsOnDoubleClick(true);
    setIndentation(kIndent);
    setContextMenuPolicy(Qt::CustomContextMenu);
    layOnPanel(this);

    connect(this, &QTreeView::doubleClicked, this, &FileTree::opened);
    connect(&m_model, &FileTreeModel::folderLoaded, this, &FileTree::folderLoaded);
    connect(&m_model, &FileTreeModel::fileCreated, this, &FileTree::reveal);
    connect(&m_model, &FileTreeModel::fileRenamed, this,
            [this](const QByteArray&, const QByteArray& to) { reveal(to); });
    connect(&m_model, &FileTreeModel::manyChangesBegin, this, &FileTree::leaveCurrent);
    connect(&m_model, &FileTreeModel::manyChangesEnd, this, &FileTree::returnToCurrent);
    header()->setObjectName(objectName() + QStringLiteral(".header"));
    connect(&m_model, &FileTreeModel::rowsInserted, this, &FileTree::selectWanted,
            Qt::QueuedConnection);
    // What lies behind a symlink is not watched.
    connect(this, &QTreeView::expanded, this, [this](const QModelIndex& index) {
        if (index.data(FileTreeModel::SymlinkRole).toBool() && m_model.isLoaded(index))
            m_model.refresh(index);
    });
}

/// Not state() == EditingState: rows that go elsewhere set the state to something else, and what was
/// half typed was then taken for a name.
bool FileTree::isNaming() const
{
    return isPersistentEditorOpen(currentIndex());
}

void FileTree::addNew(api::FileType type)
{
    QModelIndex folder = selectionModel()->hasSelection() ? currentIndex() : QModelIndex();
    if (!folder.data(FileTreeModel::FolderRole).toBool())
        folder = folder.parent();
    m_wantedDraft.reset();
    if (folder.isValid())
        expand(folder);
    if (!folder.isValid() || m_model.isLoaded(folder))
        beginDraft(folder, type);
    else
        m_wantedDraft = {.folder = folder.data(FileTreeModel::PathRole).toByteArray(),
                         .type = type};
}

void FileTree::beginDraft(const QModelIndex& folder, api::FileType type)
{
    const QModelIndex draft = m_model.addDraft(folder, type);
    if (!draft.isValid())
        return;
    setCurrentIndex(draft);
    edit(draft);
}

void FileTree::renameCurrent()
{
    edit(currentIndex());
}

void FileTree::openCurrent()
{
    opened(currentIndex());
}

void FileTree::opened(const QModelIndex& index)
{
    if (!index.isValid() || index.data(FileTreeModel::FolderRole).toBool() ||
        index.data(FileTreeModel::DraftRole).toBool())
        return;
    emit openAsked(index.data(FileTreeModel::PathRole).toByteArray());
}

/// What the person does meanwhile is not undone by what was asked for before.
void FileTree::forgetWanted()
{
    m_wantedFile.clear();
    m_wantedDraft.reset();
}

void FileTree::mousePressEvent(QMouseEvent* event)
{
    forgetWanted();
    QTreeView::mousePressEvent(event);
}

/// Before anybody came here, no row is selected: a new file belongs to none of them.
void FileTree::focusInEvent(QFocusEvent* event)
{
    QTreeView::focusInEvent(event);
    if (currentIndex().isValid() && !selectionModel()->hasSelection())
        selectionModel()->select(currentIndex(), QItemSelectionModel::Select);
}

void FileTree::keyPressEvent(QKeyEvent* event)
{
    forgetWanted();
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    const QModelIndex index = currentIndex();
    if (!isEnter || event->modifiers() != Qt::NoModifier || isNaming() || !index.isValid()) {
        QTreeView::keyPressEvent(event);
        return;
    }
    event->accept();
    if (index.data(FileTreeModel::FolderRole).toBool())
        setExpanded(index, !isExpanded(index));
    else
        opened(index);
}

/// The ring of the keyboard goes round the row, as its colour does, and not only round its text.
void FileTree::drawRow(QPainter* painter, const QStyleOptionViewItem& option,
                       const QModelIndex& index) const
{
    QTreeView::drawRow(painter, option, index);
    if (index != currentIndex() || !hasFocus() ||
        !option.state.testFlag(QStyle::State_KeyboardFocusChange))
        return;
    const QRectF row(kRowInset, option.rect.top() + 1, viewport()->width() - 2 * kRowInset,
                     option.rect.height() - 2);
    drawFocusRing(*painter, row, metrics::kSmallRadius, colorsOf(palette()));
}

void FileTree::closeEditor(QWidget* editor, QAbstractItemDelegate::EndEditHint hint)
{
    const bool isDraft = currentIndex().data(FileTreeModel::DraftRole).toBool();
    const bool hasName = !currentIndex().data().toString().isEmpty();
    QTreeView::closeEditor(editor, hint);
    // A draft that got no name was given up, or its name was refused.
    if (isDraft && (!hasName || hint == QAbstractItemDelegate::RevertModelCache))
        m_model.cancelDraft();
    setFocus();
}

QList<QByteArray> FileTree::expandedFolders() const
{
    QList<QByteArray> paths(m_wantedFolders.begin(), m_wantedFolders.end());
    QList<QModelIndex> folders{QModelIndex()};
    while (!folders.isEmpty()) {
        const QModelIndex folder = folders.takeLast();
        for (int row = 0; row < m_model.rowCount(folder); ++row) {
            const QModelIndex child = m_model.index(row, 0, folder);
            if (!isExpanded(child))
                continue;
            paths += child.data(FileTreeModel::PathRole).toByteArray();
            folders += child;
        }
    }
    std::ranges::sort(paths);
    return paths;
}

void FileTree::setExpandedFolders(const QList<QByteArray>& paths)
{
    m_wantedFolders = QSet<QByteArray>(paths.begin(), paths.end());
    expandWanted();
}

void FileTree::folderLoaded(const QByteArray& path)
{
    // A folder that turned out empty keeps its triangle until the view looks again.
    if (m_model.rowCount(m_model.indexOf(path)) == 0)
        scheduleDelayedItemsLayout();
    expandWanted();
    selectWanted();
    if (m_wantedDraft && m_wantedDraft->folder == path) {
        const api::FileType type = m_wantedDraft->type;
        m_wantedDraft.reset();
        beginDraft(m_model.indexOf(path), type);
    }
    if (path == m_model.root() && !currentIndex().isValid())
        selectionModel()->setCurrentIndex(m_model.index(0, 0), QItemSelectionModel::NoUpdate);
}

void FileTree::expandWanted()
{
    const QSet<QByteArray> wanted = m_wantedFolders;
    for (const QByteArray& path : wanted) {
        const QModelIndex index = m_model.indexOf(path);
        if (!index.isValid() || path == m_model.root())
            continue;
        m_wantedFolders.remove(path);
        expand(index);
    }
}

/// With each row that goes at the current one, the current one would become its neighbour.
void FileTree::leaveCurrent()
{
    m_leftFile = currentIndex().data(FileTreeModel::PathRole).toByteArray();
    if (!isNaming())
        selectionModel()->setCurrentIndex({}, QItemSelectionModel::Clear);
}

/// To it, or to the folder that it was in.
void FileTree::returnToCurrent()
{
    if (m_leftFile.isEmpty())
        return; // there was none
    QModelIndex index;
    for (QByteArray path = std::exchange(m_leftFile, {});
         !index.isValid() && isWithin(path, m_model.root()) && path != m_model.root();
         path = parentPath(path))
        index = m_model.indexOf(path);
    if (!index.isValid())
        index = m_model.index(0, 0);
    if (!isNaming())
        selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect);
}

QByteArray FileTree::selectedFile() const
{
    if (!m_wantedFile.isEmpty())
        return m_wantedFile;
    return selectionModel()->hasSelection()
               ? currentIndex().data(FileTreeModel::PathRole).toByteArray()
               : QByteArray();
}

void FileTree::reveal(const QByteArray& path)
{
    m_wantedFile = path;
    for (QByteArray folder = parentPath(path); isWithin(folder, m_model.root());
         folder = parentPath(folder)) {
        if (folder == m_model.root())
            break;
        m_wantedFolders.insert(folder);
    }
    expandWanted();
    selectWanted();
}

void FileTree::selectWanted()
{
    const QModelIndex index =
        m_wantedFile.isEmpty() ? QModelIndex() : m_model.indexOf(m_wantedFile);
    if (!index.isValid())
        return;
    setCurrentIndex(index);
    m_wantedFile.clear();
    scrollTo(index);
}

} // namespace caisson
