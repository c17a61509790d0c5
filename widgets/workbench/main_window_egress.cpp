// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/main_window.h"

#include <QApplication>
#include <QMenu>
#include <QSplitter>
#include <limits>

#include "widgets/common/error_strip.h"
#include "widgets/common/notifier.h"
#include "widgets/egress/bar_buttons.h"
#include "widgets/egress/egress_side.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/models/prompt_actions.h"
#include "widgets/models/request_text.h"
#include "widgets/workbench/commands.h"
#include "widgets/workbench/sandbox_page.h"
#include "widgets/workbench/terminal_area.h"
#include "widgets/workbench/waiting_notice.h"
#include "widgets/workbench/workspace.h"

/// What MainWindow does about what goes out: the right column, the bar's two buttons, and requests
/// that wait.
namespace caisson {

namespace {

constexpr int kAlways = std::numeric_limits<int>::max();

void enableRequestActions(const Commands& commands, int waiting)
{
    for (QAction* action : {commands.allowRequest, commands.denyRequest, commands.reviewRequest})
        action->setEnabled(waiting > 0);
    commands.nextRequest->setEnabled(waiting > 1);
}

} // namespace

void MainWindow::connectSide()
{
    m_side->setSizes(m_left.requests, m_left.rules);
    m_side->setTab(m_left.side);
    setSideHidden(m_left.isSideHidden);
    m_side->setNaming([this](const QString& id) {
        const api::Sandbox* sandbox = m_model.find(id);
        return sandbox ? QString::fromStdString(sandbox->name) : QString();
    });
    connect(m_side, &EgressSide::changed, this, &MainWindow::stateChanged);
    connect(m_side, &EgressSide::rulesChanged, this,
            [this] { m_policy->setModel(m_side->rules()); });
    connect(m_side, &EgressSide::startAsked, this, [this] {
        if (const SandboxPage* page = m_workspace->current())
            m_actions.start(page->id());
    });
    connect(m_side, &EgressSide::terminalAsked, this, &MainWindow::showTerminal);
    connect(m_side, &EgressSide::terminalsAsked, this,
            [this] { focusPart(WindowPart::Terminals); });
    connect(m_side, &EgressSide::sideAsked, this, [this] { setSideHidden(false); });
    connect(m_side, &EgressSide::failed, this,
            [this](const QString& sandbox, const Failure& failure) { report(failure, sandbox); });
    connect(
        m_side, &EgressSide::settled, this,
        [this](const QString& sandbox, const QString& what) { m_errors->withdraw(sandbox, what); });
    connect(m_side, &EgressSide::noted, this, [this](const QString& sentence) { say(sentence); });
    connect(m_policy, &PolicyButton::rulesAsked, this, [this] {
        setSideHidden(false);
        m_side->setTab(SideTab::Rules);
        focusPart(WindowPart::Side);
    });
    connect(&m_model, &SandboxModel::aboutToRemove, m_side, &EgressSide::removeSandbox);
    connect(&m_services.backend, &desk::Backend::reset, m_side, &EgressSide::refresh);
    connect(&m_services.backend, &desk::Backend::sandboxChanged, this,
            [this](const api::Sandbox& sandbox) {
                if (sandbox.state == api::SandboxState::Running)
                    m_side->sandboxStarted(QString::fromStdString(sandbox.id));
            });
}

void MainWindow::setSideHidden(bool isHidden)
{
    const bool hadFocus = m_side->isAncestorOf(focusWidget());
    m_side->setVisible(!isHidden);
    m_commands->toggleSide->setText(isHidden ? tr("Show the right &column")
                                             : tr("Hide the right &column"));
    if (isHidden && hadFocus)
        focusPart(WindowPart::Editors);
    stateChanged();
}

void MainWindow::connectPrompts()
{
    m_prompt->setNaming([this](const QString& id) {
        const SandboxPage* page = m_workspace->current();
        return page && page->id() == id ? QString() : nameAmongSeveral(id);
    });
    m_prompt->setTerminalNaming([this](const QString& sandbox, const QString& terminal) {
        const SandboxPage* page = m_workspace->find(sandbox);
        return page ? page->terminals()->titleOf(terminal) : QString();
    });
    connect(m_prompt, &PromptBar::terminalAsked, this, &MainWindow::showTerminal);
    connect(m_prompt, &PromptBar::focusLost, this, [this] { focusPart(WindowPart::Terminals); });
    connect(m_waitingRequests, &QAbstractButton::clicked, m_prompt, &PromptBar::showOldest);
    connect(&m_actions, &SandboxActions::listed, m_promptActions, &PromptActions::refresh);
    connect(m_promptActions, &PromptActions::arrived, this, &MainWindow::requestArrived);
    connect(m_promptActions, &PromptActions::ended, this,
            [this](const QString& sandbox, const QString& sentence) { say(sentence, sandbox); });
    connect(m_promptActions, &PromptActions::failed, this,
            [this](const QString& sandbox, const QString& what, const Error& error) {
                report({.what = what, .error = error, .subject = Subject::Other, .again = {}},
                       sandbox);
            });
    connect(m_prompts, &PromptModel::waitingChanged, this, &MainWindow::waitingChanged);
    m_notice = new WaitingNotice(m_services.notifier, *m_prompts, this);
    connect(m_notice, &WaitingNotice::chosen, this, [this] {
        setWindowState(windowState() & ~Qt::WindowMinimized);
        raise();
        activateWindow();
        m_prompt->showOldest();
    });
    for (auto change : {&SandboxModel::rowsInserted, &SandboxModel::rowsRemoved})
        connect(&m_model, change, m_prompt, &PromptBar::refresh);
    // Off only in the open menu, to look so. The keys of an action that is off go to the terminal:
    // Ctrl+Shift+D, a moment after somebody else had answered, was the end of an agent's shell.
    auto* menu = m_menu->findChild<QMenu*>(QStringLiteral("menu.request"));
    connect(menu, &QMenu::aboutToShow, this,
            [this] { enableRequestActions(*m_commands, m_prompts->waiting()); });
    connect(menu, &QMenu::aboutToHide, this,
            [this] { enableRequestActions(*m_commands, kAlways); });
    connect(m_prompts, &PromptModel::waitingChanged, menu, [this, menu] {
        if (menu->isVisible())
            enableRequestActions(*m_commands, m_prompts->waiting());
    });
}

void MainWindow::waitingChanged(const QString& sandbox)
{
    if (!sandbox.isEmpty())
        m_model.setWaiting(sandbox, m_prompts->waiting(sandbox));
}

/// The person may look at something else altogether.
void MainWindow::requestArrived(const QString& sandbox, const QString& prompt)
{
    const int row = m_prompts->rowOf(sandbox, prompt);
    if (row < 0 || isActiveWindow())
        return;
    const api::Sandbox* of = m_model.find(sandbox);
    m_notice->arrived(sandbox, prompt, shortened(m_prompts->index(row).data().toString(), 200),
                      of ? QString::fromStdString(of->name) : QString());
    QApplication::alert(this);
}

void MainWindow::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::ActivationChange && isActiveWindow() && m_notice)
        m_notice->seen();
}

void MainWindow::showTerminal(const QString& sandbox, const QString& terminal)
{
    showSandbox(sandbox);
    const SandboxPage* page = m_workspace->find(sandbox);
    if (!page || !page->terminals()->showTerminal(terminal))
        say(tr("That terminal is not there any more."), sandbox);
}

} // namespace caisson
