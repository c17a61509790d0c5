// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/workspace.h"

#include "widgets/models/draft_store.h"
#include "widgets/models/sandbox_model.h"
#include "widgets/workbench/editor_area.h"
#include "widgets/workbench/sandbox_page.h"

namespace caisson {

Workspace::Workspace(const WindowServices& services, SandboxModel& model, QAction* newTerminal,
                     QMap<QString, SandboxViewState> left, QWidget* parent)
    : QStackedWidget(parent)
    , m_services(services)
    , m_model(model)
    , m_newTerminal(newTerminal)
    , m_left(std::move(left))
{
    setObjectName(QStringLiteral("workspace"));
    connect(&m_model, &SandboxModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                follow(first.row(), last.row());
            });
    connect(&m_model, &SandboxModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) { forget(first, last); });
}

void Workspace::show(const QString& sandbox)
{
    const api::Sandbox* known = m_model.find(sandbox);
    if (!known)
        return;
    SandboxPage* page = m_pages.value(sandbox);
    if (!page) {
        page = new SandboxPage(m_services, *known, m_newTerminal);
        m_pages.insert(sandbox, page);
        addWidget(page);
        page->restore(m_left.value(sandbox));
        connect(page, &SandboxPage::changed, this, &Workspace::changed);
        connect(page, &SandboxPage::runningChanged, this, [this, page] {
            if (page == current())
                emit shown();
        });
        emit pageMade(page);
        page->setSandbox(*known);
    }
    setCurrentWidget(page);
    emit shown();
    emit changed();
}

SandboxPage* Workspace::current() const
{
    return qobject_cast<SandboxPage*>(currentWidget());
}

void Workspace::follow(int first, int last)
{
    for (int row = first; row <= last; ++row) {
        const api::Sandbox& sandbox = m_model.at(row);
        if (SandboxPage* page = find(QString::fromStdString(sandbox.id)))
            page->setSandbox(sandbox);
    }
}

void Workspace::forget(int first, int last)
{
    for (int row = first; row <= last; ++row) {
        const QString id = m_model.index(row).data(SandboxModel::IdRole).toString();
        forgetDrafts(m_model.at(row));
        m_left.remove(id);
        if (SandboxPage* page = m_pages.take(id)) {
            removeWidget(page);
            delete page;
        }
    }
    emit shown();
    emit changed();
}

/// The person was asked before this window removes one; other programs do not know of what is only
/// in the window.
void Workspace::forgetDrafts(const api::Sandbox& sandbox)
{
    const QString id = QString::fromStdString(sandbox.id);
    if (m_model.task(id) == SandboxTask::Removing) {
        m_services.drafts.removeSandbox(id);
        return;
    }
    if (SandboxPage* page = m_pages.value(id))
        page->editors()->keepDrafts();
    if (!m_services.drafts.pathsOf(id).isEmpty()) {
        m_lost += id;
        emit unsavedLost(id, QString::fromStdString(sandbox.name));
    }
}

void Workspace::forgetOthers()
{
    QStringList known;
    for (int row = 0; row < m_model.rowCount(); ++row)
        known += m_model.index(row).data(SandboxModel::IdRole).toString();
    m_left.removeIf([&](const auto& left) { return !known.contains(left.key()); });
    m_services.drafts.keepSandboxes(known);
    for (const QString& id : m_services.drafts.sandboxes()) {
        if (known.contains(id) || m_lost.contains(id))
            continue;
        m_lost += id;
        emit unsavedLost(id, {});
    }
}

void Workspace::finish()
{
    for (SandboxPage* page : std::as_const(m_pages))
        page->finish();
}

void Workspace::refresh()
{
    for (SandboxPage* page : std::as_const(m_pages))
        page->refresh();
}

QMap<QString, SandboxViewState> Workspace::states() const
{
    QMap<QString, SandboxViewState> states = m_left;
    for (const auto& [id, page] : m_pages.asKeyValueRange())
        states[id] = page->viewState();
    return states;
}

} // namespace caisson
