// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/model_text.h"
#include "tests/widgets/workbench/window_fixture.h"
#include "widgets/terminal/terminal_view.h"

#include <QAction>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTreeView>

namespace caisson::test {

/// A window on one running sandbox with a few files and a terminal.
struct Bench : WindowFixture
{
    Bench()
    {
        id = backend.addSandbox(QStringLiteral("bench"));
        backend.putFolder(id, "/workspace/src");
        backend.putFile(id, "/workspace/src/main.py", "print('hello')\n");
        backend.putFile(id, "/workspace/notes.txt", "one\ntwo\n");
        terminal = backend.addTerminal(id, "$ make\r\nall is built\r\n$ ");
    }

    QTreeView* tree() const { return find<QTreeView>("files.tree"); }
    QTabBar* editorTabs() const { return find<QTabBar>("editors.tabs"); }
    QTabBar* terminalTabs() const { return find<QTabBar>("terminals.tabs"); }
    QPlainTextEdit* editor() const { return find<QPlainTextEdit>("editor.text"); }
    TerminalView* view() const { return find<TerminalView>("terminal"); }
    QString files() const { return modelText(*tree()->model()); }

    void select(const QString& name) const
    {
        const QModelIndexList found =
            tree()->model()->match(tree()->model()->index(0, 0), Qt::DisplayRole, name, 1,
                                   Qt::MatchExactly | Qt::MatchRecursive);
        QVERIFY2(!found.isEmpty(), qPrintable(name));
        tree()->setCurrentIndex(found.first());
        tree()->setFocus();
    }
    /// In the tree.
    void openFolder(const QString& name) const
    {
        select(name);
        press(Qt::Key_Return);
    }
    void openFile(const QString& name) const
    {
        select(name);
        press(Qt::Key_Return);
        QTRY_VERIFY(editor() != nullptr);
    }
    QStringList tabsOf(const QTabBar* tabs) const
    {
        QStringList texts;
        for (int index = 0; tabs && index < tabs->count(); ++index)
            texts += tabs->tabText(index);
        return texts;
    }
    QString errorText() const
    {
        const auto* label = find<QLabel>("errorStrip.what");
        return label ? label->text() : QString();
    }
    QString id;
    QString terminal;
};

} // namespace caisson::test
