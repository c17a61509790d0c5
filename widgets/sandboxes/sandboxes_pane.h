// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/common/pane.h"
#include "widgets/models/sandbox_actions.h"

class QAction;
class QListView;

namespace caisson {

class DraftStore;
class Prompter;

/// The list of the sandboxes, and what can be done to them.
class SandboxesPane : public Pane
{
    Q_OBJECT
public:
    /// All four outlive it.
    SandboxesPane(SandboxModel& model, SandboxActions& actions, const DraftStore& drafts,
                  Prompter& prompter, QWidget* parent = nullptr);

    /// The row that is shown as the current one. Does not emit chosen().
    void setCurrent(const QString& id);
    QString current() const;
    void focusList();
    void renameCurrent();
    /// Asks first: there is no way back.
    void removeCurrent();

    /// New sandbox, start, stop, rename, remove: for menus.
    QAction* newAction() const { return m_new; }
    QList<QAction*> sandboxActions() const { return {m_start, m_stop, m_rename, m_remove}; }

signals:
    void newAsked();
    void chosen(const QString& id);

private:
    QAction* makeAction(const QString& name, const QString& text);
    void updateActions();
    void showMenu(const QPoint& position);
    void confirmRemoval(const api::Sandbox& sandbox);

    SandboxModel& m_model;
    SandboxActions& m_actions;
    const DraftStore& m_drafts;
    Prompter& m_prompter;
    QListView* m_list;
    QAction* m_new;
    QAction* m_start;
    QAction* m_stop;
    QAction* m_rename;
    QAction* m_remove;
    bool m_isSetting = false;
};

} // namespace caisson
