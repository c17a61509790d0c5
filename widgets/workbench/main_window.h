// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/reason.h"
#include "widgets/models/sandbox_actions.h"
#include "widgets/models/window_state.h"
#include "widgets/workbench/window_services.h"

#include <QTimer>
#include <QWidget>

class QMenu;
class QSplitter;
class QStackedWidget;

namespace caisson {

class ActivityLine;
class Commands;
class CopyStrips;
class EgressSide;
class EmptyState;
class ErrorStrip;
class FilesPane;
class FirstRunPage;
class NoticeStrip;
class PolicyButton;
class PromptActions;
class PromptBar;
class PromptModel;
class SandboxPage;
class SandboxesPane;
class StatusLine;
class TopBar;
class WaitingButton;
class WaitingNotice;
class Workspace;

/// The window: puts the panes together, and hands what happens in one to the others.
class MainWindow : public QWidget
{
    Q_OBJECT
public:
    explicit MainWindow(const WindowServices& services, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// The sandboxes are known, and with them what to show.
    bool isReady() const { return m_actions.isListed(); }

signals:
    void ready();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool focusNextPrevChild(bool isNext) override;

private:
    void layOut();
    void fitScreen();
    void makeMenu();
    void connectPanes();
    void connectCommands();
    void connectLink();
    void connectSide();
    void connectPrompts();
    void adopt(SandboxPage* page);

    void showListed();
    void showSandbox(const QString& id);
    void showCurrentPage();
    void letGoOf(const QString& sandbox);
    void showTitle();
    void showFileStatus();
    void newSandbox();
    void stepSandbox(int step);
    void stepTab(int step);
    void closeTab();
    void focusPart(WindowPart part);
    WindowPart focusedPart() const;
    void setSideHidden(bool isHidden);
    void showTerminal(const QString& sandbox, const QString& terminal);
    void requestArrived(const QString& sandbox, const QString& prompt);
    void waitingChanged(const QString& sandbox);
    void say(const QString& what, const QString& sandbox = {});
    void reportCopy(const FolderCopying& copying, const Error& error);
    void copiesChanged();
    void report(const Failure& failure, const QString& sandbox = {});
    QString nameAmongSeveral(const QString& sandbox) const;
    void reportLost(const QString& sandbox, const QString& name);
    void copyLost(const QString& sandbox, const QString& name);
    void showUnreached(const QString& sentence, std::function<void()> again);
    void showWaiting();
    void reportLink(desk::LinkState state, const QString& why);
    void stateChanged();
    void saveState();

    WindowServices m_services;
    WindowState m_left; ///< as it was left the last time
    SandboxModel m_model;
    SandboxActions m_actions;
    PromptModel* m_prompts;
    PromptActions* m_promptActions;
    Commands* m_commands;
    QMenu* m_menu;
    SandboxesPane* m_sandboxes;
    FilesPane* m_files;
    Workspace* m_workspace;
    EgressSide* m_side;
    TopBar* m_bar;
    PolicyButton* m_policy;
    WaitingButton* m_waitingRequests;
    WaitingNotice* m_notice = nullptr;
    ActivityLine* m_activity;
    QStackedWidget* m_body;
    FirstRunPage* m_firstRun;
    QWidget* m_waiting;
    EmptyState* m_unreached;
    QSplitter* m_columns;
    QSplitter* m_panes;
    CopyStrips* m_copies;
    NoticeStrip* m_note;
    ErrorStrip* m_errors;
    PromptBar* m_prompt;
    StatusLine* m_status;
    QTimer m_saveSoon;
    QString m_noteAbout; ///< the sandbox, by id
    QTimer m_noteTime;   ///< until what was said has been read
    bool m_isLinkLost = false;
    bool m_mayClose = false;          ///< the person knows what is not finished
    std::function<void()> m_tryAgain; ///< what the page without sandboxes offers
};

} // namespace caisson
