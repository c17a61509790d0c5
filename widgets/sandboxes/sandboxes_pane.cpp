// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sandboxes/sandboxes_pane.h"

#include <QAction>
#include <QListView>
#include <QMenu>
#include <QTimer>

#include "widgets/common/icons.h"
#include "widgets/common/prompter.h"
#include "widgets/models/draft_store.h"
#include "widgets/sandboxes/sandbox_delegate.h"

namespace caisson {

namespace {

/// Ages are shown to the minute.
constexpr std::chrono::minutes kAgeTick{1};

} // namespace

SandboxesPane::SandboxesPane(SandboxModel& model, SandboxActions& actions, const DraftStore& drafts,
                             Prompter& prompter, QWidget* parent)
    : Pane(QStringLiteral("sandboxes"), tr("Sandboxes"), parent)
    , m_model(model)
    , m_actions(actions)
    , m_drafts(drafts)
    , m_prompter(prompter)
    , m_list(new QListView(this))
    , m_new(makeAction(QStringLiteral("new"), tr("&New sandbox…")))
    , m_start(makeAction(QStringLiteral("start"), tr("&Start")))
    , m_stop(makeAction(QStringLiteral("stop"), tr("S&top")))
    , m_rename(makeAction(QStringLiteral("rename"), tr("&Rename")))
    , m_remove(makeAction(QStringLiteral("remove"), tr("Remo&ve…")))
{
    m_list->setObjectName(QStringLiteral("sandboxes.list"));
    m_list->setAccessibleName(tr("Sandboxes"));
    m_list->setModel(&m_model);
    m_list->setItemDelegate(new SandboxDelegate(m_list));
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setUniformItemSizes(true);
    layOnPanel(m_list);
    addPage(m_list);

    m_new->setIcon(icon(Icon::Plus));
    m_new->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_N);
    m_start->setIcon(icon(Icon::Play));
    m_stop->setIcon(icon(Icon::Stop));
    m_rename->setIcon(icon(Icon::Rename));
    m_remove->setIcon(icon(Icon::Trash));
    m_rename->setShortcut(Qt::Key_F2);
    m_remove->setShortcut(Qt::Key_Delete);
    for (QAction* action : {m_rename, m_remove}) {
        action->setShortcutContext(Qt::WidgetShortcut);
        m_list->addAction(action);
    }
    addTool(m_new);

    connect(m_new, &QAction::triggered, this, &SandboxesPane::newAsked);
    connect(m_start, &QAction::triggered, this, [this] { m_actions.start(current()); });
    connect(m_stop, &QAction::triggered, this, [this] { m_actions.stop(current()); });
    connect(m_rename, &QAction::triggered, this, &SandboxesPane::renameCurrent);
    connect(m_remove, &QAction::triggered, this, &SandboxesPane::removeCurrent);
    connect(m_list, &QListView::customContextMenuRequested, this, &SandboxesPane::showMenu);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
        updateActions();
        if (!m_isSetting && m_list->currentIndex().isValid())
            emit chosen(current());
    });
    connect(&m_model, &SandboxModel::dataChanged, this, &SandboxesPane::updateActions);
    connect(&m_model, &SandboxModel::rowsRemoved, this, &SandboxesPane::updateActions);

    auto* clock = new QTimer(this);
    connect(clock, &QTimer::timeout, m_list->viewport(), qOverload<>(&QWidget::update));
    clock->start(kAgeTick);
    updateActions();
}

QAction* SandboxesPane::makeAction(const QString& name, const QString& text)
{
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    return action;
}

void SandboxesPane::setCurrent(const QString& id)
{
    m_isSetting = true;
    const int row = m_model.rowOf(id);
    m_list->setCurrentIndex(row < 0 ? QModelIndex() : m_model.index(row));
    m_isSetting = false;
    updateActions();
}

QString SandboxesPane::current() const
{
    return m_list->currentIndex().data(SandboxModel::IdRole).toString();
}

void SandboxesPane::focusList()
{
    m_list->setFocus(Qt::ShortcutFocusReason);
}

void SandboxesPane::renameCurrent()
{
    m_list->edit(m_list->currentIndex());
}

void SandboxesPane::removeCurrent()
{
    if (const api::Sandbox* sandbox = m_model.find(current()))
        confirmRemoval(*sandbox);
}

void SandboxesPane::confirmRemoval(const api::Sandbox& sandbox)
{
    const QString id = QString::fromStdString(sandbox.id);
    const bool isRunning = sandbox.state == api::SandboxState::Running;
    QString text = isRunning
                       ? tr("Everything in it is lost: its files, and the programs that run in it.")
                       : tr("Everything in it is lost: all its files.");
    if (const qsizetype unsaved = m_drafts.pathsOf(id).size(); unsaved > 0)
        text += QLatin1Char(' ') + (unsaved == 1
                                        ? tr("So is the unsaved text of one file.")
                                        : tr("So is the unsaved text of %1 files.").arg(unsaved));
    QStringList mounts;
    for (const api::Mount& mount : sandbox.mounts)
        mounts += QString::fromStdString(mount.source);
    if (!mounts.isEmpty())
        text += QLatin1Char(' ') + tr("What is shared with this machine stays: %1.")
                                       .arg(mounts.join(QStringLiteral(", ")));
    m_prompter.confirm(window(),
                       {.title = tr("Remove “%1”?").arg(QString::fromStdString(sandbox.name)),
                        .text = text,
                        .action = tr("Remove")},
                       [this, id] { m_actions.remove(id); });
}

void SandboxesPane::updateActions()
{
    const QModelIndex index = m_list->currentIndex();
    const bool isThere = index.isValid();
    const bool isBusy = index.data(SandboxModel::BusyRole).toBool();
    const bool isRunning =
        index.data(SandboxModel::StateRole).toInt() == static_cast<int>(api::SandboxState::Running);
    m_start->setEnabled(isThere && !isBusy && !isRunning);
    m_stop->setEnabled(isThere && !isBusy && isRunning);
    m_rename->setEnabled(isThere);
    m_remove->setEnabled(isThere && !isBusy);
}

void SandboxesPane::showMenu(const QPoint& position)
{
    auto* menu = new QMenu(m_list);
    menu->setObjectName(QStringLiteral("sandboxes.menu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (m_list->indexAt(position).isValid()) {
        menu->addAction(m_start->isEnabled() ? m_start : m_stop);
        menu->addAction(m_rename);
        menu->addSeparator();
        menu->addAction(m_remove);
    } else {
        menu->addAction(m_new);
    }
    menu->popup(m_list->viewport()->mapToGlobal(position));
}

} // namespace caisson
