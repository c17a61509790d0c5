// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/common/pane.h"

#include <QPointer>

class QAction;

namespace caisson {

class EmptyState;
class FileTree;
class FileTreeModel;
class Prompter;

/// The files of the sandbox that is shown. Each sandbox has a tree of its own, which stays as it
/// was left.
class FilesPane : public Pane
{
    Q_OBJECT
public:
    /// `prompter` outlives it.
    explicit FilesPane(Prompter& prompter, QWidget* parent = nullptr);

    /// The pane shows the tree but does not own it; a tree that goes away goes from the pane.
    void showTree(FileTree* tree, FileTreeModel* model);
    /// There are no files to be had: says why, and offers to start the sandbox.
    void showStopped(const QString& sentence);
    void showNothing();

    void focusTree();
    QList<QAction*> fileActions() const;

signals:
    void startAsked();

private:
    QAction* makeAction(const QString& name, const QString& text);
    void updateActions();
    void updatePage();
    void setHiddenFiles(bool isShown);
    void removeCurrent();
    void showMenu(const QPoint& position);

    Prompter& m_prompter;
    QAction* m_newFile;
    QAction* m_newFolder;
    QAction* m_hidden;
    QAction* m_open;
    QAction* m_rename;
    QAction* m_remove;
    EmptyState* m_empty;
    EmptyState* m_stopped;
    QWidget* m_nothing;
    QPointer<FileTree> m_tree;
    QPointer<FileTreeModel> m_model;
};

} // namespace caisson
