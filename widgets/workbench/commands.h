// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QList>
#include <QObject>

namespace caisson {

/// What the window itself can be told, apart from what its panes can. Each has a shortcut that also
/// works in a terminal, which keeps most keys for its program.
class Commands : public QObject
{
    Q_OBJECT
public:
    /// The shortcuts work everywhere in `window`.
    explicit Commands(QWidget* window);

    QAction* previousSandbox;
    QAction* nextSandbox;
    QAction* save;
    QAction* closeTab;
    QAction* previousTab;
    QAction* nextTab;
    QAction* newTerminal;
    QAction* showSandboxes;
    QAction* showFiles;
    QAction* showEditors;
    QAction* showTerminals;
    QAction* showSide;
    QAction* toggleSide;
    QAction* allowRequest;
    QAction* denyRequest;
    QAction* nextRequest;
    QAction* reviewRequest;
    QAction* showMenu;
    QAction* showKeyboard;
    QAction* quit;

private:
    QAction* make(const QString& name, const QString& text, const QList<QKeySequence>& shortcuts);

    QWidget* m_window;
};

} // namespace caisson
