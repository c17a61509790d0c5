// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/file_tree_model.h"
#include "widgets/models/reason.h"
#include "widgets/models/window_state.h"

#include <QSplitter>
#include <memory>

class QAction;

namespace caisson {

class EditorArea;
class FileTree;
class TerminalArea;
struct WindowServices;

/// The work in one sandbox: editors above, terminals below, and its file tree, which the files pane
/// shows. It goes on while another sandbox is on the screen.
class SandboxPage : public QSplitter
{
    Q_OBJECT
public:
    /// Everything it is given outlives it.
    SandboxPage(const WindowServices& services, const api::Sandbox& sandbox, QAction* newTerminal,
                QWidget* parent = nullptr);
    ~SandboxPage() override;

    const QString& id() const { return m_id; }
    bool isRunning() const { return m_isRunning; }
    /// Why there is nothing to see while it does not run, as a sentence.
    QString stoppedText() const;

    /// What is known of the sandbox now.
    void setSandbox(const api::Sandbox& sandbox);
    /// The person has just made or started it: a terminal is opened if there is none.
    void openTerminalOnStart();
    /// The connection is new, or events were lost.
    void refresh();
    /// The window is about to be closed: what waits for a moment is done.
    void finish();

    EditorArea* editors() const { return m_editors; }
    TerminalArea* terminals() const { return m_terminals; }
    FileTree* tree() const { return m_tree.get(); }
    FileTreeModel* files() const { return m_files.get(); }

    SandboxViewState viewState() const;
    void restore(const SandboxViewState& state);

signals:
    void runningChanged();
    void startAsked();
    void newFileAsked();
    void changed(); ///< what viewState() tells
    void failed(const caisson::Failure& failure);
    void settled(const QString& what); ///< of a failure before
    void noted(const QString& sentence);

private:
    void begin();
    void end();
    void noteStart(const QByteArray& path);
    void readFolder(const QByteArray& path);

    desk::Backend& m_backend;
    QString m_id;
    api::Sandbox m_sandbox;
    bool m_isRunning = false;
    bool m_opensTerminal = false;
    std::unique_ptr<FileTreeModel> m_files;
    std::unique_ptr<FileTree> m_tree;
    std::unique_ptr<desk::WatchLink> m_watch;
    EditorArea* m_editors;
    TerminalArea* m_terminals;
};

} // namespace caisson
