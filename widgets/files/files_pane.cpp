// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/files/files_pane.h"

#include <QAction>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

#include "widgets/common/empty_state.h"
#include "widgets/common/icons.h"
#include "widgets/common/prompter.h"
#include "widgets/files/file_tree.h"
#include "widgets/models/file_tree_model.h"

namespace caisson {

FilesPane::FilesPane(Prompter& prompter, QWidget* parent)
    : Pane(QStringLiteral("files"), tr("Files"), parent)
    , m_prompter(prompter)
    , m_newFile(makeAction(QStringLiteral("newFile"), tr("New &file")))
    , m_newFolder(makeAction(QStringLiteral("newFolder"), tr("New f&older")))
    , m_hidden(makeAction(QStringLiteral("hidden"), tr("Show &hidden files")))
    , m_open(makeAction(QStringLiteral("open"), tr("&Open")))
    , m_rename(makeAction(QStringLiteral("rename"), tr("&Rename")))
    , m_remove(makeAction(QStringLiteral("remove"), tr("&Delete…")))
    , m_empty(new EmptyState(QStringLiteral("files.empty"), Icon::Folder,
                             tr("What is in the sandbox’s folder, /\u2060workspace, appears here."),
                             tr("New file")))
    , m_stopped(
          new EmptyState(QStringLiteral("files.stopped"), Icon::Folder, QString(), tr("Start")))
    , m_nothing(new QWidget)
{
    m_newFile->setIcon(icon(Icon::NewFile));
    m_newFile->setShortcut(Qt::CTRL | Qt::Key_N);
    m_newFolder->setIcon(icon(Icon::NewFolder));
    m_newFolder->setShortcut(Qt::CTRL | Qt::ALT | Qt::Key_N);
    m_hidden->setShortcut(Qt::CTRL | Qt::ALT | Qt::Key_H);
    m_hidden->setCheckable(true);
    m_open->setIcon(icon(Icon::File));
    m_rename->setIcon(icon(Icon::Rename));
    m_rename->setShortcut(Qt::Key_F2);
    m_remove->setIcon(icon(Icon::Trash));
    m_remove->setShortcut(Qt::Key_Delete);
    m_rename->setShortcutContext(Qt::WidgetShortcut);
    m_remove->setShortcutContext(Qt::WidgetShortcut);
    addTool(m_newFile);
    addTool(m_newFolder);
    addTool(m_hidden);

    m_nothing->setObjectName(QStringLiteral("files.nothing"));
    addPage(m_nothing);
    addPage(m_empty);
    addPage(m_stopped);

    connect(m_newFile, &QAction::triggered, this, [this] {
        showPage(m_tree);
        m_tree->addNew(api::FileType::File);
    });
    connect(m_newFolder, &QAction::triggered, this, [this] {
        showPage(m_tree);
        m_tree->addNew(api::FileType::Directory);
    });
    connect(m_hidden, &QAction::toggled, this, &FilesPane::setHiddenFiles);
    connect(m_open, &QAction::triggered, this, [this] { m_tree->openCurrent(); });
    connect(m_rename, &QAction::triggered, this, [this] { m_tree->renameCurrent(); });
    connect(m_remove, &QAction::triggered, this, &FilesPane::removeCurrent);
    connect(m_empty, &EmptyState::activated, m_newFile, &QAction::trigger);
    connect(m_stopped, &EmptyState::activated, this, &FilesPane::startAsked);
    showNothing();
}

QAction* FilesPane::makeAction(const QString& name, const QString& text)
{
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    return action;
}

QList<QAction*> FilesPane::fileActions() const
{
    return {m_newFile, m_newFolder, m_open, m_rename, m_remove, m_hidden};
}

void FilesPane::showTree(FileTree* tree, FileTreeModel* model)
{
    if (m_tree == tree && currentPage() != m_stopped && currentPage() != m_nothing)
        return;
    if (m_tree)
        disconnect(m_tree, nullptr, this, nullptr);
    if (m_model)
        disconnect(m_model, nullptr, this, nullptr);
    const bool isNew = tree->parentWidget() != this;
    m_tree = tree;
    m_model = model;
    if (isNew) {
        addPage(tree);
        tree->addAction(m_rename);
        tree->addAction(m_remove);
    }
    connect(tree, &FileTree::customContextMenuRequested, this, &FilesPane::showMenu);
    connect(tree->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &FilesPane::updateActions);
    connect(tree->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &FilesPane::updateActions);
    connect(model, &FileTreeModel::readingChanged, this, &FilesPane::setBusy);
    setBusy(model->isReading());
    connect(model, &FileTreeModel::folderLoaded, this, &FilesPane::updatePage);
    connect(model, &FileTreeModel::rowsInserted, this, &FilesPane::updatePage);
    connect(model, &FileTreeModel::rowsRemoved, this, &FilesPane::updatePage);
    m_hidden->setChecked(model->hiddenFiles() == HiddenFiles::Show);
    updatePage();
}

void FilesPane::showStopped(const QString& sentence)
{
    setBusy(false);
    m_stopped->setSentence(sentence);
    showPage(m_stopped);
    updateActions();
}

void FilesPane::showNothing()
{
    setBusy(false);
    showPage(m_nothing);
    updateActions();
}

void FilesPane::updatePage()
{
    const bool isEmpty = m_model->isLoaded({}) && m_model->rowCount() == 0;
    showPage(isEmpty ? static_cast<QWidget*>(m_empty) : m_tree);
    updateActions();
}

void FilesPane::updateActions()
{
    const bool isThere = m_tree && (currentPage() == m_tree || currentPage() == m_empty);
    const bool hasCurrent =
        isThere && m_tree->selectionModel()->hasSelection() && m_tree->currentIndex().isValid();
    const bool isFolder =
        hasCurrent && m_tree->currentIndex().data(FileTreeModel::FolderRole).toBool();
    m_newFile->setEnabled(isThere);
    m_newFolder->setEnabled(isThere);
    m_hidden->setEnabled(isThere);
    m_open->setEnabled(hasCurrent && !isFolder);
    m_rename->setEnabled(hasCurrent);
    m_remove->setEnabled(hasCurrent);
    m_hidden->setIcon(icon(m_hidden->isChecked() ? Icon::Eye : Icon::EyeOff));
}

void FilesPane::setHiddenFiles(bool isShown)
{
    if (m_model)
        m_model->setHiddenFiles(isShown ? HiddenFiles::Show : HiddenFiles::Leave);
    updateActions();
}

void FilesPane::focusTree()
{
    if (QWidget* page = currentPage()) {
        auto* state = qobject_cast<EmptyState*>(page);
        (state ? static_cast<QWidget*>(state->button()) : page)->setFocus(Qt::ShortcutFocusReason);
    }
}

void FilesPane::removeCurrent()
{
    const QPersistentModelIndex index = m_tree->currentIndex();
    const QString name = index.data().toString();
    const bool isFolder = index.data(FileTreeModel::FolderRole).toBool() &&
                          !index.data(FileTreeModel::SymlinkRole).toBool();
    m_prompter.confirm(window(),
                       {.title = tr("Delete “%1”?").arg(name),
                        .text = isFolder ? tr("The folder and everything in it are lost.")
                                         : tr("The file is lost."),
                        .action = tr("Delete")},
                       [model = m_model, index] {
                           if (model && index.isValid())
                               model->removeFile(index);
                       });
}

void FilesPane::showMenu(const QPoint& position)
{
    auto* menu = new QMenu(m_tree);
    menu->setObjectName(QStringLiteral("files.menu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QModelIndex index = m_tree->indexAt(position);
    if (!index.isValid())
        m_tree->setCurrentIndex({});
    if (index.isValid() && !index.data(FileTreeModel::FolderRole).toBool())
        menu->addAction(m_open);
    menu->addAction(m_newFile);
    menu->addAction(m_newFolder);
    if (index.isValid()) {
        menu->addSeparator();
        menu->addAction(m_rename);
        menu->addAction(m_remove);
    }
    menu->addSeparator();
    menu->addAction(m_hidden);
    menu->popup(m_tree->viewport()->mapToGlobal(position));
}

} // namespace caisson
