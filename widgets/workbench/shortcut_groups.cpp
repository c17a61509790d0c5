// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/shortcut_groups.h"

#include <QAction>
#include <QCoreApplication>

#include "widgets/common/mnemonics.h"
#include "widgets/editor/editor_page.h"
#include "widgets/files/files_pane.h"
#include "widgets/sandboxes/sandboxes_pane.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/commands.h"

namespace caisson {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("ShortcutGroups", text);
}

QString keysOf(const QList<QKeySequence>& sequences)
{
    QStringList keys;
    for (const QKeySequence& sequence : sequences)
        keys += sequence.toString(QKeySequence::NativeText);
    return keys.join(tr(" or "));
}

/// Of the actions that have any.
QList<Shortcut> shortcutsOf(const QList<QAction*>& actions)
{
    QList<Shortcut> shortcuts;
    for (const QAction* action : actions) {
        if (action->shortcut().isEmpty())
            continue;
        const QString text = stripMnemonics(action->text()).remove(QStringLiteral("…"));
        shortcuts += {text, keysOf(action->shortcuts())};
    }
    return shortcuts;
}

QList<Shortcut> shortcutsOf(const QList<std::pair<QString, QKeySequence>>& told)
{
    QList<Shortcut> shortcuts;
    for (const auto& [text, keys] : told)
        shortcuts += {text, keysOf({keys})};
    return shortcuts;
}

} // namespace

QList<ShortcutGroup> shortcutGroups(const Commands& commands, const SandboxesPane& sandboxes,
                                    const FilesPane& files)
{
    using enum ShortcutGroup::Side;
    return {
        {.name = QStringLiteral("sandboxes"),
         .title = tr("Sandboxes"),
         .side = Left,
         .shortcuts = shortcutsOf(QList<QAction*>{sandboxes.newAction(), commands.previousSandbox,
                                                  commands.nextSandbox} +
                                  sandboxes.sandboxActions())},
        {.name = QStringLiteral("files"),
         .title = tr("Files"),
         .side = Left,
         .shortcuts = shortcutsOf(files.fileActions())},
        {.name = QStringLiteral("editors"),
         .title = tr("Editor"),
         .side = Left,
         .shortcuts = shortcutsOf(EditorPage::shortcuts())},
        {.name = QStringLiteral("terminals"),
         .title = tr("Terminal"),
         .side = Right,
         .shortcuts = shortcutsOf(QList<QAction*>{commands.newTerminal}) +
                      shortcutsOf(TerminalView::shortcuts())},
        {.name = QStringLiteral("go"),
         .title = tr("Go to"),
         .side = Right,
         .shortcuts = shortcutsOf({commands.showSandboxes, commands.showFiles, commands.showEditors,
                                   commands.showTerminals, commands.showSide, commands.toggleSide,
                                   commands.previousTab, commands.nextTab, commands.closeTab})},
        {.name = QStringLiteral("requests"),
         .title = tr("A request that waits"),
         .side = Right,
         .shortcuts = shortcutsOf({commands.allowRequest, commands.denyRequest,
                                   commands.nextRequest, commands.reviewRequest})},
        {.name = QStringLiteral("rules"),
         .title = tr("Rules"),
         .side = Left,
         .shortcuts = shortcutsOf(
             QList<std::pair<QString, QKeySequence>>{{tr("Move up"), Qt::ALT | Qt::Key_Up},
                                                     {tr("Move down"), Qt::ALT | Qt::Key_Down},
                                                     {tr("On or off"), Qt::Key_Space},
                                                     {tr("Remove"), Qt::Key_Delete},
                                                     {tr("Undo"), QKeySequence::Undo},
                                                     {tr("Redo"), QKeySequence::Redo}})},
        {.name = QStringLiteral("window"),
         .title = tr("Window"),
         .side = Right,
         .shortcuts = shortcutsOf({commands.showMenu, commands.showKeyboard, commands.quit})},
    };
}

} // namespace caisson
