// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/sandbox_page.h"

#include "widgets/files/file_tree.h"
#include "widgets/models/file_names.h"
#include "widgets/workbench/editor_area.h"
#include "widgets/workbench/terminal_area.h"
#include "widgets/workbench/window_services.h"

namespace caisson {

namespace {

constexpr int kEditorShare = 3;
constexpr int kTerminalShare = 2;
constexpr int kLowestPart = 120;

} // namespace

SandboxPage::SandboxPage(const WindowServices& services, const api::Sandbox& sandbox,
                         QAction* newTerminal, QWidget* parent)
    : QSplitter(Qt::Vertical, parent)
    , m_backend(services.backend)
    , m_id(QString::fromStdString(sandbox.id))
    , m_sandbox(sandbox)
    , m_files(std::make_unique<FileTreeModel>(m_backend, m_id,
                                              QByteArray::fromStdString(sandbox.workspace)))
    , m_tree(std::make_unique<FileTree>(*m_files))
    , m_editors(new EditorArea(services, m_id))
    , m_terminals(new TerminalArea(m_backend, m_id, newTerminal))
{
    setObjectName(QStringLiteral("work"));
    setChildrenCollapsible(false);
    setHandleWidth(1);
    m_editors->setMinimumHeight(kLowestPart);
    m_terminals->setMinimumHeight(kLowestPart);
    addWidget(m_editors);
    addWidget(m_terminals);
    setStretchFactor(0, kEditorShare);
    setStretchFactor(1, kTerminalShare);
    setSizes({kEditorShare * 100, kTerminalShare * 100});

    connect(m_tree.get(), &FileTree::openAsked, m_editors, &EditorArea::open);
    connect(m_tree.get(), &FileTree::expanded, this, &SandboxPage::changed);
    connect(m_tree.get(), &FileTree::collapsed, this, &SandboxPage::changed);
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &SandboxPage::changed);
    const auto ofFile = [this](const QString& what, const Error& error) {
        emit failed({.what = what, .error = error, .subject = Subject::SandboxFile, .again = {}});
    };
    connect(m_files.get(), &FileTreeModel::actionFailed, this, ofFile);
    connect(m_files.get(), &FileTreeModel::folderFailed, this,
            [this](const QByteArray& path, const Error& error) {
                emit failed(
                    {.what = tr("Could not read the folder “%1”.").arg(QString::fromUtf8(path)),
                     .error = error,
                     .subject = Subject::SandboxFile,
                     .again = [this, path] { readFolder(path); }});
            });
    connect(m_files.get(), &FileTreeModel::fileRenamed, m_editors, &EditorArea::follow);
    connect(m_editors, &EditorArea::newFileAsked, this, &SandboxPage::newFileAsked);
    connect(m_editors, &EditorArea::startAsked, this, &SandboxPage::startAsked);
    connect(m_editors, &EditorArea::saving, this, &SandboxPage::noteStart);
    connect(m_editors, &EditorArea::terminalAsked, m_terminals, &TerminalArea::openPager);
    connect(m_editors, &EditorArea::changed, this, &SandboxPage::changed);
    connect(m_editors, &EditorArea::failed, this, &SandboxPage::failed);
    connect(m_editors, &EditorArea::settled, this, &SandboxPage::settled);
    connect(m_terminals, &TerminalArea::startAsked, this, &SandboxPage::startAsked);
    connect(m_terminals, &TerminalArea::changed, this, &SandboxPage::changed);
    connect(m_terminals, &TerminalArea::failed, this,
            [this](const QString& what, const Error& error) {
                emit failed({.what = what, .error = error, .subject = Subject::Other, .again = {}});
            });
    connect(this, &QSplitter::splitterMoved, this, &SandboxPage::changed);
    connect(&m_backend, &desk::Backend::terminalChanged, this,
            [this](const QString& of, const api::Terminal& terminal) {
                if (of == m_id)
                    m_terminals->put(terminal);
            });
    connect(&m_backend, &desk::Backend::terminalRemoved, this,
            [this](const QString& of, const QString& terminal) {
                if (of == m_id)
                    m_terminals->remove(terminal);
            });
}

SandboxPage::~SandboxPage()
{
    disconnect(m_editors, nullptr, this, nullptr);
    disconnect(m_terminals, nullptr, this, nullptr);
}

QString SandboxPage::stoppedText() const
{
    const QString name = QString::fromStdString(m_sandbox.name);
    const QString why = QString::fromStdString(m_sandbox.why);
    switch (m_sandbox.state) {
    case api::SandboxState::Starting:
        return tr("“%1” is starting.").arg(name);
    case api::SandboxState::Failed:
        return why.isEmpty()
                   ? tr("“%1” has failed. Its files are kept, its terminals have ended.").arg(name)
                   : tr("“%1” has failed: %2. Its files are kept, its terminals have ended.")
                         .arg(name, why);
    default:
        return tr("“%1” is stopped. Its files are kept.").arg(name);
    }
}

void SandboxPage::setSandbox(const api::Sandbox& sandbox)
{
    const bool runs = sandbox.state == api::SandboxState::Running;
    const bool isAnother = sandbox.incarnation != m_sandbox.incarnation;
    m_editors->setRunning(runs);
    m_sandbox = sandbox;
    if (m_isRunning && (!runs || isAnother))
        end();
    if (!m_isRunning && runs)
        begin();
    if (!m_isRunning)
        m_terminals->stop(stoppedText());
    emit runningChanged();
}

void SandboxPage::begin()
{
    m_isRunning = true;
    m_watch = m_backend.watch(m_id, m_files->root());
    connect(m_watch.get(), &desk::WatchLink::events, m_files.get(), &FileTreeModel::applyEvents);
    connect(m_watch.get(), &desk::WatchLink::events, m_editors, &EditorArea::applyEvents);
    connect(m_watch.get(), &desk::WatchLink::failed, this, [this](const Error& error) {
        if (m_isRunning && error.code != ErrorCode::NotRunning)
            emit failed({.what = tr("Changes of files are not seen any more."),
                         .error = error,
                         .subject = Subject::Other,
                         .again = {}});
    });
    m_files->load();
    m_editors->checkAll();
    m_terminals->start(std::exchange(m_opensTerminal, false) ? TerminalArea::WhenNone::Open
                                                             : TerminalArea::WhenNone::Leave);
}

void SandboxPage::end()
{
    m_isRunning = false;
    m_watch.reset();
    m_terminals->stop(stoppedText());
}

void SandboxPage::readFolder(const QByteArray& path)
{
    if (path == m_files->root())
        m_files->load();
    else if (const QModelIndex folder = m_files->indexOf(path); folder.isValid())
        m_files->refresh(folder);
}

/// Writing a file starts its sandbox, which the person may not expect of Ctrl+S.
void SandboxPage::noteStart(const QByteArray& path)
{
    if (m_isRunning)
        return;
    const QString sentence = m_sandbox.state == api::SandboxState::Failed
                                 ? tr("“%1” had failed, and is started again to save “%2” in it.")
                                 : tr("“%1” was stopped, and is started to save “%2” in it.");
    emit noted(
        sentence.arg(QString::fromStdString(m_sandbox.name), displayName(lastComponent(path))));
}

void SandboxPage::openTerminalOnStart()
{
    if (m_isRunning)
        m_terminals->start(TerminalArea::WhenNone::Open);
    else
        m_opensTerminal = true;
}

void SandboxPage::refresh()
{
    // The watch begins anew by itself, and with it the files.
    if (m_isRunning)
        m_terminals->start(TerminalArea::WhenNone::Leave);
}

void SandboxPage::finish()
{
    m_editors->keepDrafts();
    m_terminals->commitClose();
}

SandboxViewState SandboxPage::viewState() const
{
    return {.files = m_editors->files(),
            .activeFile = m_editors->activePath(),
            .terminals = m_terminals->order(),
            .activeTerminal = m_terminals->active(),
            .closedTerminals = m_terminals->closed(),
            .splitter = sizes(),
            .expandedFolders = m_tree->expandedFolders(),
            .selectedFile = m_tree->selectedFile(),
            .hiddenFiles = m_files->hiddenFiles() == HiddenFiles::Show};
}

void SandboxPage::restore(const SandboxViewState& state)
{
    if (state.splitter.size() == 2)
        setSizes(state.splitter);
    m_files->setHiddenFiles(state.hiddenFiles ? HiddenFiles::Show : HiddenFiles::Leave);
    m_tree->setExpandedFolders(state.expandedFolders);
    if (!state.selectedFile.isEmpty())
        m_tree->reveal(state.selectedFile);
    m_terminals->restore(state.terminals, state.activeTerminal, state.closedTerminals);
    m_editors->restore(state.files, state.activeFile);
}

} // namespace caisson
