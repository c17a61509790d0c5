// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/main_window.h"

#include <QCloseEvent>
#include <QLocale>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/error_strip.h"
#include "widgets/common/keyboard_focus.h"
#include "widgets/common/pane.h"
#include "widgets/common/prompter.h"
#include "widgets/common/room_scroll.h"
#include "widgets/editor/editor_page.h"
#include "widgets/egress/bar_buttons.h"
#include "widgets/egress/egress_side.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/files/file_tree.h"
#include "widgets/files/files_pane.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/prompt_actions.h"
#include "widgets/models/reason.h"
#include "widgets/models/state_file.h"
#include "widgets/sandboxes/new_sandbox_dialog.h"
#include "widgets/sandboxes/sandboxes_pane.h"
#include "widgets/workbench/commands.h"
#include "widgets/workbench/copy_strips.h"
#include "widgets/workbench/editor_area.h"
#include "widgets/workbench/file_page.h"
#include "widgets/workbench/first_run_page.h"
#include "widgets/workbench/keyboard_dialog.h"
#include "widgets/workbench/sandbox_page.h"
#include "widgets/workbench/status_line.h"
#include "widgets/workbench/terminal_area.h"
#include "widgets/workbench/top_bar.h"
#include "widgets/workbench/workspace.h"

namespace caisson {

namespace {

constexpr QSize kFirstSize(1280, 800);
constexpr QSize kSmallestSize(720, 480);
constexpr int kLeftWidth = 248;
constexpr int kLeftNarrowest = 180;
constexpr int kRightWidth = 360;
constexpr int kRightNarrowest = 240;
constexpr int kPaneLowest = 96;
/// Its sentence and its button, where it has no files yet and is at its narrowest.
constexpr int kFilesLowest = 136;
constexpr int kBodyLowest = 96;
/// How long something is said that needs no answer.
constexpr std::chrono::seconds kNoteTime{8};
/// Changes within this much are saved in one go.
constexpr std::chrono::milliseconds kSaveDelay{500};

/// Room for what the desktop puts around a window.
constexpr QMargins kFrame(4, 32, 4, 4);

} // namespace

MainWindow::MainWindow(const WindowServices& services, QWidget* parent)
    : QWidget(parent)
    , m_services(services)
    , m_left(services.stateFile.load())
    , m_actions(services.backend, m_model)
    , m_prompts(new PromptModel(this))
    , m_promptActions(new PromptActions(services.backend, m_model, *m_prompts, this))
    , m_commands(new Commands(this))
    , m_menu(new QMenu(this))
    , m_sandboxes(new SandboxesPane(m_model, m_actions, services.drafts, services.prompter))
    , m_files(new FilesPane(services.prompter))
    , m_workspace(new Workspace(services, m_model, m_commands->newTerminal, m_left.sandboxes))
    , m_side(new EgressSide(services.backend, services.secrets, services.prompter,
                            m_commands->toggleSide))
    , m_bar(new TopBar(m_model, m_menu, m_commands->showMenu))
    , m_policy(new PolicyButton)
    , m_waitingRequests(new WaitingButton(*m_prompts))
    , m_activity(new ActivityLine)
    , m_body(new QStackedWidget)
    , m_firstRun(new FirstRunPage(m_sandboxes->newAction()))
    , m_waiting(new QWidget)
    , m_unreached(
          new EmptyState(QStringLiteral("unreached"), Icon::Error, QString(), tr("Try again")))
    , m_columns(new QSplitter(Qt::Horizontal))
    , m_panes(new QSplitter(Qt::Vertical))
    , m_copies(new CopyStrips)
    , m_note(new NoticeStrip(QStringLiteral("note"), NoticeStrip::Tone::Note))
    , m_errors(new ErrorStrip)
    , m_prompt(new PromptBar(*m_prompts, *m_promptActions))
    , m_status(new StatusLine)
{
    setObjectName(QStringLiteral("window"));
    setWindowTitle(tr("Caisson"));
    setMinimumSize(kSmallestSize);
    m_saveSoon.setSingleShot(true);
    m_saveSoon.setInterval(kSaveDelay);
    m_noteTime.setObjectName(QStringLiteral("noteTime"));
    m_noteTime.setParent(this); // so that it is found
    m_noteTime.setSingleShot(true);
    m_noteTime.setInterval(kNoteTime);
    layOut();
    makeMenu();
    connectPanes();
    connectCommands();
    connectLink();
    connectSide();
    connectPrompts();
    showCurrentPage();
    m_activity->setBusy(true);
    m_services.backend.connectToHost();
}

MainWindow::~MainWindow()
{
    // Panes speak while they are taken down; by then there is nobody to listen.
    for (QObject* speaker : {static_cast<QObject*>(m_workspace), static_cast<QObject*>(&m_model)})
        disconnect(speaker, nullptr, this, nullptr);
    delete m_columns;
}

void MainWindow::layOut()
{
    m_waiting->setObjectName(QStringLiteral("waiting"));
    m_waiting->setBackgroundRole(QPalette::Base);
    m_waiting->setAutoFillBackground(true);
    m_unreached->setBackgroundRole(QPalette::Base);
    m_unreached->setAutoFillBackground(true);
    m_activity->setObjectName(QStringLiteral("activity"));
    m_activity->hide();
    m_note->setDismissible(true);

    m_panes->setObjectName(QStringLiteral("panes"));
    m_panes->setHandleWidth(1);
    m_panes->setChildrenCollapsible(false);
    m_panes->addWidget(m_sandboxes);
    m_panes->addWidget(m_files);
    m_sandboxes->setMinimumHeight(kPaneLowest);
    m_files->setMinimumHeight(kFilesLowest);
    m_panes->setStretchFactor(1, 1);
    m_panes->setSizes(m_left.panes.size() == 2 ? m_left.panes : QList<int>{176, 500});

    m_columns->setObjectName(QStringLiteral("columns"));
    m_columns->setHandleWidth(1);
    m_columns->setChildrenCollapsible(false);
    m_columns->addWidget(m_panes);
    m_columns->addWidget(m_workspace);
    m_columns->addWidget(m_side);
    m_panes->setMinimumWidth(kLeftNarrowest);
    m_side->setMinimumWidth(kRightNarrowest);
    m_columns->setStretchFactor(1, 1);
    m_columns->setSizes(
        m_left.columns.size() == 3
            ? m_left.columns
            : QList<int>{kLeftWidth, kFirstSize.width() - kLeftWidth - kRightWidth, kRightWidth});

    m_body->setObjectName(QStringLiteral("body"));
    m_body->addWidget(m_waiting);
    m_body->addWidget(m_unreached);
    m_body->addWidget(m_firstRun);
    m_body->addWidget(m_columns);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_bar);
    layout->addWidget(m_activity);
    auto* clip = new TopClip(m_body, kBodyLowest);
    clip->setObjectName(QStringLiteral("bodyClip"));
    layout->addWidget(clip, 1);
    m_prompt->setRoom([this, clip] {
        return clip->height() + m_prompt->height() - leastHeight(*m_body, clip->width());
    });
    layout->addWidget(m_copies);
    layout->addWidget(m_note);
    layout->addWidget(m_errors);
    layout->addWidget(m_prompt);
    layout->addWidget(m_status);
    m_bar->addTool(m_policy);
    m_bar->addTool(m_waitingRequests);

    if (m_left.geometry.isEmpty() || !restoreGeometry(m_left.geometry))
        resize(kFirstSize);
    fitScreen();
}

/// The screen may be smaller than the one before, or than anybody thought of.
void MainWindow::fitScreen()
{
    const QRect room = screen()->availableGeometry().marginsRemoved(kFrame);
    if (isMaximized() || isFullScreen() || room.contains(QRect(room.topLeft(), size())))
        return;
    resize(size().boundedTo(room.size()).expandedTo(minimumSize()));
    move(screen()->availableGeometry().topLeft()); // of the frame
}

void MainWindow::makeMenu()
{
    m_menu->setObjectName(QStringLiteral("menu"));
    QMenu* sandbox = m_menu->addMenu(tr("&Sandbox"));
    sandbox->setObjectName(QStringLiteral("menu.sandbox"));
    sandbox->addAction(m_sandboxes->newAction());
    addAction(m_sandboxes->newAction()); // its pane is hidden on the first page
    sandbox->addSeparator();
    sandbox->addActions(m_sandboxes->sandboxActions());
    sandbox->addSeparator();
    sandbox->addActions({m_commands->previousSandbox, m_commands->nextSandbox});
    QMenu* file = m_menu->addMenu(tr("&File"));
    file->setObjectName(QStringLiteral("menu.file"));
    file->addActions(m_files->fileActions());
    file->addSeparator();
    file->addAction(m_commands->save);
    QMenu* go = m_menu->addMenu(tr("&Go"));
    go->setObjectName(QStringLiteral("menu.go"));
    go->addActions({m_commands->showSandboxes, m_commands->showFiles, m_commands->showEditors,
                    m_commands->showTerminals, m_commands->showSide, m_commands->toggleSide});
    go->addSeparator();
    go->addActions({m_commands->previousTab, m_commands->nextTab, m_commands->closeTab});
    QMenu* request = m_menu->addMenu(tr("&Request that waits"));
    request->setObjectName(QStringLiteral("menu.request"));
    request->addActions({m_commands->allowRequest, m_commands->denyRequest, m_commands->nextRequest,
                         m_commands->reviewRequest});
    m_menu->addSeparator();
    m_menu->addAction(m_commands->newTerminal);
    m_menu->addSeparator();
    m_menu->addAction(m_commands->showKeyboard);
    m_menu->addAction(m_commands->quit);
}

void MainWindow::connectPanes()
{
    connect(m_sandboxes, &SandboxesPane::newAsked, this, &MainWindow::newSandbox);
    connect(m_sandboxes, &SandboxesPane::chosen, this, &MainWindow::showSandbox);
    connect(m_bar, &TopBar::chosen, this, &MainWindow::showSandbox);
    connect(m_files, &FilesPane::startAsked, this,
            [this] { m_actions.start(m_sandboxes->current()); });
    connect(m_workspace, &Workspace::pageMade, this, &MainWindow::adopt);
    connect(m_workspace, &Workspace::shown, this, &MainWindow::showCurrentPage);
    connect(m_workspace, &Workspace::changed, this, &MainWindow::stateChanged);
    connect(m_workspace, &Workspace::unsavedLost, this, &MainWindow::reportLost);
    connect(m_columns, &QSplitter::splitterMoved, this, &MainWindow::stateChanged);
    connect(m_panes, &QSplitter::splitterMoved, this, &MainWindow::stateChanged);

    connect(&m_actions, &SandboxActions::listed, m_workspace, &Workspace::forgetOthers);
    connect(&m_actions, &SandboxActions::listed, this, &MainWindow::showListed);
    connect(&m_actions, &SandboxActions::failed, this,
            [this](const QString& what, const Error& error, const std::function<void()>& again) {
                report({.what = what, .error = error, .subject = Subject::Other, .again = again});
            });
    connect(&m_actions, &SandboxActions::created, this, [this](const QString& id) {
        showSandbox(id);
        m_workspace->current()->openTerminalOnStart();
    });
    connect(&m_actions, &SandboxActions::started, this, [this](const QString& id) {
        if (SandboxPage* page = m_workspace->find(id))
            page->openTerminalOnStart();
    });
    connect(&m_actions, &SandboxActions::abandoned, this, [this](const QString& name) {
        say(tr("Creating “%1” was cancelled. What was made of it is removed.").arg(name));
    });
    connect(&m_actions, &SandboxActions::copying, m_copies, &CopyStrips::show);
    connect(&m_actions, &SandboxActions::copied, m_copies, &CopyStrips::showOutcome);
    connect(&m_actions, &SandboxActions::copyFailed, m_copies, &CopyStrips::showFailure);
    connect(&m_actions, &SandboxActions::copyFailed, this, &MainWindow::reportCopy);
    connect(&m_actions, &SandboxActions::interrupted, m_copies, &CopyStrips::showInterrupted);
    connect(&m_actions, &SandboxActions::interruptionOver, m_copies, &CopyStrips::hideInterrupted);
    connect(&m_actions, &SandboxActions::copiesChanged, this, &MainWindow::copiesChanged);
    connect(m_copies, &CopyStrips::stopAsked, &m_actions, &SandboxActions::cancelCopy);
    connect(m_copies, &CopyStrips::againAsked, &m_actions, &SandboxActions::copyAgain);
    connect(m_copies, &CopyStrips::forgotten, &m_actions, &SandboxActions::forgetCopy);
    connect(&m_noteTime, &QTimer::timeout, m_note, &QWidget::hide);
    connect(&m_model, &SandboxModel::rowsRemoved, this, &MainWindow::showListed);
    connect(&m_model, &SandboxModel::rowsInserted, this, &MainWindow::showListed);
    connect(&m_model, &SandboxModel::aboutToRemove, this, &MainWindow::letGoOf);
    m_errors->setNaming([this](const QString& id) { return nameAmongSeveral(id); });
    for (auto change : {&SandboxModel::rowsInserted, &SandboxModel::rowsRemoved})
        connect(&m_model, change, m_errors, &ErrorStrip::refresh);
    connect(&m_model, &SandboxModel::dataChanged, m_errors, &ErrorStrip::refresh);
    connect(&m_model, &SandboxModel::dataChanged, this, &MainWindow::showTitle);
    connect(&m_services.stateFile, &StateFile::failed, this, [this](const QString& why) {
        m_errors->report({.what = tr("How you leave the window cannot be kept."),
                          .why = why,
                          .remedy = {},
                          .action = {},
                          .act = {},
                          .dismissed = {},
                          .about = {},
                          .topic = QStringLiteral("state")});
    });
    connect(&m_services.drafts, &DraftStore::failed, this, [this](const QString& why) {
        m_errors->report({.what = tr("What you have not saved cannot be kept for a restart."),
                          .why = why,
                          .remedy = tr("Save it before you close the window."),
                          .action = {},
                          .act = {},
                          .dismissed = {},
                          .about = {},
                          .topic = QStringLiteral("drafts")});
    });
    connect(&m_saveSoon, &QTimer::timeout, this, &MainWindow::saveState);
    connect(m_unreached, &EmptyState::activated, this, [this] {
        const std::function<void()> again = m_tryAgain;
        showWaiting();
        if (again)
            again();
    });
}

void MainWindow::connectCommands()
{
    const Commands& commands = *m_commands;
    const auto on = [this](QAction* action, auto act) {
        connect(action, &QAction::triggered, this, act);
    };
    on(commands.previousSandbox, [this] { stepSandbox(-1); });
    on(commands.nextSandbox, [this] { stepSandbox(1); });
    on(commands.save, [this] {
        if (SandboxPage* page = m_workspace->current())
            page->editors()->save();
    });
    on(commands.closeTab, &MainWindow::closeTab);
    on(commands.previousTab, [this] { stepTab(-1); });
    on(commands.nextTab, [this] { stepTab(1); });
    on(commands.newTerminal, [this] { m_workspace->current()->terminals()->openNew(); });
    on(commands.showSandboxes, [this] { focusPart(WindowPart::Sandboxes); });
    on(commands.showFiles, [this] { focusPart(WindowPart::Files); });
    on(commands.showEditors, [this] { focusPart(WindowPart::Editors); });
    on(commands.showTerminals, [this] { focusPart(WindowPart::Terminals); });
    on(commands.showSide, [this] {
        setSideHidden(false);
        focusPart(WindowPart::Side);
    });
    on(commands.toggleSide, [this] { setSideHidden(!m_side->isHidden()); });
    on(commands.allowRequest, [this] { m_prompt->allow(); });
    on(commands.denyRequest, [this] { m_prompt->deny(); });
    on(commands.nextRequest, [this] { m_prompt->showNext(); });
    on(commands.reviewRequest, [this] { m_prompt->review(); });
    on(commands.showKeyboard, [this] {
        openWithRing(
            *new KeyboardDialog(shortcutGroups(*m_commands, *m_sandboxes, *m_files), this));
    });
    on(commands.quit, &QWidget::close);
}

void MainWindow::connectLink()
{
    connect(&m_services.backend, &desk::Backend::linkChanged, this, &MainWindow::reportLink);
    connect(&m_services.backend, &desk::Backend::reset, m_workspace, &Workspace::refresh);
}

void MainWindow::adopt(SandboxPage* page)
{
    connect(page, &SandboxPage::failed, this, [this, page](const Failure& failure) {
        Failure told = failure;
        const QString id = page->id();
        if (failure.error.code == ErrorCode::NotRunning) {
            told.again = [this, id] { m_actions.start(id); };
            told.action = tr("Start");
        } else if (failure.again) {
            // The page goes with its sandbox; the report may stay longer.
            told.again = [guard = QPointer(page), again = failure.again] {
                if (guard)
                    again();
            };
        }
        report(told, id);
    });
    connect(page, &SandboxPage::settled, this,
            [this, page](const QString& what) { m_errors->withdraw(page->id(), what); });
    connect(page, &SandboxPage::noted, this,
            [this, page](const QString& sentence) { say(sentence, page->id()); });
    connect(page, &SandboxPage::startAsked, this, [this, page] { m_actions.start(page->id()); });
    connect(page, &SandboxPage::newFileAsked, m_files->fileActions().first(), &QAction::trigger);
    connect(page->editors(), &EditorArea::statusChanged, this, &MainWindow::showFileStatus);
}

// ---- what is shown -----------------------------------------------------------------------------

void MainWindow::showListed()
{
    if (!m_actions.isListed())
        return;
    m_activity->setBusy(false);
    for (QAction* step : {m_commands->previousSandbox, m_commands->nextSandbox})
        step->setEnabled(m_model.rowCount() > 1);
    QWidget* page = m_model.rowCount() == 0 ? static_cast<QWidget*>(m_firstRun) : m_columns;
    m_actions.restoreCopies(std::exchange(m_left.copies, {}));
    const bool isNew = m_body->currentWidget() != page;
    m_body->setCurrentWidget(page);
    if (page == m_columns && !m_workspace->current()) {
        const bool isThere = m_model.rowOf(m_left.sandbox) >= 0;
        showSandbox(isThere ? m_left.sandbox
                            : m_model.index(0).data(SandboxModel::IdRole).toString());
        if (isNew)
            focusPart(m_left.focus);
    } else if (page == m_firstRun && isNew) {
        m_firstRun->setFocus();
    }
    if (isNew)
        emit ready();
}

void MainWindow::showSandbox(const QString& id)
{
    m_workspace->show(id);
    m_sandboxes->setCurrent(id);
    m_bar->setSandbox(id);
}

void MainWindow::showCurrentPage()
{
    SandboxPage* page = m_workspace->current();
    m_commands->newTerminal->setEnabled(page && page->isRunning());
    if (!page)
        m_files->showNothing();
    else if (page->isRunning())
        m_files->showTree(page->tree(), page->files());
    else
        m_files->showStopped(page->stoppedText());
    const QString id = page ? page->id() : QString();
    m_side->showSandbox(id);
    m_prompt->refresh();
    m_sandboxes->setCurrent(id);
    m_bar->setSandbox(id);
    showTitle();
    showFileStatus();
}

/// It is about to go, with its page.
void MainWindow::letGoOf(const QString& sandbox)
{
    m_errors->withdrawAll(sandbox);
    if (m_noteAbout == sandbox)
        m_note->hide();
    // What is being typed must not press a button of the next one.
    if (const SandboxPage* page = m_workspace->find(sandbox);
        page && (page->isAncestorOf(focusWidget()) ||
                 (page == m_workspace->current() && m_side->isAncestorOf(focusWidget()))))
        setFocus();
}

void MainWindow::showTitle()
{
    const SandboxPage* page = m_workspace->current();
    const api::Sandbox* sandbox = page ? m_model.find(page->id()) : nullptr;
    setWindowTitle(sandbox ? tr("%1 – Caisson").arg(QString::fromStdString(sandbox->name))
                           : tr("Caisson"));
}

void MainWindow::showFileStatus()
{
    SandboxPage* page = m_workspace->current();
    const FilePage* file = page ? page->editors()->current() : nullptr;
    m_commands->save->setEnabled(file && file->canSave());
    if (file && file->showsFile())
        m_status->setFile(file->editor()->languageName(), file->editor()->positionText(),
                          file->editor()->formatText());
    else
        m_status->setFile({}, {}, {});
}

// ---- what a person does ------------------------------------------------------------------------

void MainWindow::newSandbox()
{
    if (!findChild<NewSandboxDialog*>())
        openWithRing(*new NewSandboxDialog(m_actions, m_services.prompter, this));
}

void MainWindow::stepSandbox(int step)
{
    const int count = m_model.rowCount();
    if (count == 0)
        return;
    const int row = m_model.rowOf(m_sandboxes->current());
    showSandbox(m_model.index((row + step + count) % count).data(SandboxModel::IdRole).toString());
}

void MainWindow::focusPart(WindowPart part)
{
    SandboxPage* page = m_workspace->current();
    if (part == WindowPart::Sandboxes)
        m_sandboxes->focusList();
    else if (part == WindowPart::Files)
        m_files->focusTree();
    else if (part == WindowPart::Side)
        m_side->focusTab();
    else if (page && (part != WindowPart::Editors || !page->editors()->focusCurrent()))
        page->terminals()->focusCurrent();
}

WindowPart MainWindow::focusedPart() const
{
    const SandboxPage* page = m_workspace->current();
    if (m_sandboxes->isAncestorOf(focusWidget()))
        return WindowPart::Sandboxes;
    if (m_files->isAncestorOf(focusWidget()))
        return WindowPart::Files;
    if (m_side->isAncestorOf(focusWidget()))
        return WindowPart::Side;
    if (page && page->terminals()->isAncestorOf(focusWidget()))
        return WindowPart::Terminals;
    return WindowPart::Editors;
}

void MainWindow::stepTab(int step)
{
    SandboxPage* page = m_workspace->current();
    if (!page)
        return;
    if (focusedPart() == WindowPart::Side)
        m_side->stepTab(step);
    else if (focusedPart() == WindowPart::Terminals)
        page->terminals()->showNext(step);
    else
        page->editors()->showNext(step);
}

void MainWindow::closeTab()
{
    SandboxPage* page = m_workspace->current();
    if (!page)
        return;
    if (focusedPart() == WindowPart::Terminals)
        page->terminals()->closeCurrent();
    else
        page->editors()->closeCurrent();
}

// ---- for the next time -------------------------------------------------------------------------

void MainWindow::stateChanged()
{
    if (!m_saveSoon.isActive())
        m_saveSoon.start();
}

void MainWindow::saveState()
{
    // Before the sandboxes are known there is nothing to add to what was saved the last time.
    if (!isReady())
        return;
    m_services.stateFile.save({.geometry = saveGeometry(),
                               .columns = m_columns->sizes(),
                               .panes = m_panes->sizes(),
                               .sandbox = m_sandboxes->current(),
                               .focus = focusedPart(),
                               .side = m_side->tab(),
                               .isSideHidden = m_side->isHidden(),
                               .requests = m_side->requestsSizes(),
                               .rules = m_side->rulesSizes(),
                               .copies = m_actions.unfinishedCopies(),
                               .sandboxes = m_workspace->states()});
}

/// At once: what a crash would leave unfinished must be known after it.
void MainWindow::copiesChanged()
{
    m_saveSoon.stop();
    saveState();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    stateChanged();
}

bool MainWindow::focusNextPrevChild(bool isNext)
{
    return focusNext(*this, isNext);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (m_actions.isCopying() && !m_mayClose) {
        event->ignore();
        m_services.prompter.confirm(this,
                                    {.title = tr("Quit while a folder is being copied?"),
                                     .text = tr("The sandbox keeps what was copied until then. You "
                                                "can copy again the next time."),
                                     .action = tr("Quit")},
                                    [this] {
                                        m_mayClose = true;
                                        close();
                                    });
        return;
    }
    m_saveSoon.stop();
    saveState();
    m_workspace->finish();
    event->accept();
}

} // namespace caisson
