// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/commands.h"

#include <QWidget>

#include "widgets/common/icons.h"

namespace caisson {

Commands::Commands(QWidget* window)
    : QObject(window)
    , m_window(window)
{
    previousSandbox = make(QStringLiteral("previousSandbox"), tr("&Previous sandbox"),
                           {Qt::CTRL | Qt::ALT | Qt::Key_PageUp});
    nextSandbox = make(QStringLiteral("nextSandbox"), tr("Ne&xt sandbox"),
                       {Qt::CTRL | Qt::ALT | Qt::Key_PageDown});
    save = make(QStringLiteral("save"), tr("&Save"), {QKeySequence::Save});
    closeTab = make(QStringLiteral("closeTab"), tr("&Close tab"),
                    {Qt::CTRL | Qt::SHIFT | Qt::Key_W, Qt::CTRL | Qt::Key_W});
    previousTab = make(QStringLiteral("previousTab"), tr("Pre&vious tab"),
                       {Qt::CTRL | Qt::Key_PageUp, Qt::CTRL | Qt::SHIFT | Qt::Key_Tab});
    nextTab = make(QStringLiteral("nextTab"), tr("&Next tab"),
                   {Qt::CTRL | Qt::Key_PageDown, Qt::CTRL | Qt::Key_Tab});
    newTerminal = make(QStringLiteral("newTerminal"), tr("New &terminal"),
                       {Qt::CTRL | Qt::SHIFT | Qt::Key_T});
    showSandboxes = make(QStringLiteral("showSandboxes"), tr("List of &sandboxes"),
                         {Qt::CTRL | Qt::ALT | Qt::Key_1});
    showFiles =
        make(QStringLiteral("showFiles"), tr("Tree of &files"), {Qt::CTRL | Qt::ALT | Qt::Key_2});
    showEditors =
        make(QStringLiteral("showEditors"), tr("&Editor"), {Qt::CTRL | Qt::ALT | Qt::Key_3});
    showTerminals =
        make(QStringLiteral("showTerminals"), tr("&Terminal"), {Qt::CTRL | Qt::ALT | Qt::Key_4});
    showSide = make(QStringLiteral("showSide"), tr("&Requests and rules"),
                    {Qt::CTRL | Qt::ALT | Qt::Key_5});
    toggleSide = make(QStringLiteral("toggleSide"), tr("Hide the right &column"),
                      {Qt::CTRL | Qt::ALT | Qt::Key_0});
    allowRequest =
        make(QStringLiteral("allowRequest"), tr("&Allow it"), {Qt::CTRL | Qt::SHIFT | Qt::Key_A});
    denyRequest =
        make(QStringLiteral("denyRequest"), tr("&Deny it"), {Qt::CTRL | Qt::SHIFT | Qt::Key_D});
    nextRequest =
        make(QStringLiteral("nextRequest"), tr("&Next one"), {Qt::CTRL | Qt::SHIFT | Qt::Key_J});
    reviewRequest = make(QStringLiteral("reviewRequest"), tr("&Look at it"),
                         {Qt::CTRL | Qt::SHIFT | Qt::Key_M});
    showMenu =
        make(QStringLiteral("showMenu"), tr("Menu"), {Qt::Key_F10, Qt::CTRL | Qt::ALT | Qt::Key_M});
    showKeyboard = make(QStringLiteral("showKeyboard"), tr("&Keyboard…"),
                        {Qt::Key_F1, Qt::CTRL | Qt::ALT | Qt::Key_K});
    quit = make(QStringLiteral("quit"), tr("&Quit"),
                {Qt::CTRL | Qt::Key_Q, Qt::CTRL | Qt::SHIFT | Qt::Key_Q});
    newTerminal->setIcon(icon(Icon::Plus));
    save->setIcon(icon(Icon::Save));
    toggleSide->setIcon(icon(Icon::Side));
    // A key that is held must not answer what comes next.
    for (QAction* action : {allowRequest, denyRequest, nextRequest, reviewRequest})
        action->setAutoRepeat(false);
    closeTab->setIcon(icon(Icon::Close));
    showMenu->setIcon(icon(Icon::More));
    // The editor has this shortcut itself, for it knows what can be saved: here it is only shown.
    save->setShortcutContext(Qt::WidgetShortcut);
}

QAction* Commands::make(const QString& name, const QString& text,
                        const QList<QKeySequence>& shortcuts)
{
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    action->setShortcuts(shortcuts);
    m_window->addAction(action);
    return action;
}

} // namespace caisson
