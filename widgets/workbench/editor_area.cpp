// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/editor_area.h"

#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/common/empty_state.h"
#include "widgets/common/file_icons.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/prompter.h"
#include "widgets/common/tab_bar.h"
#include "widgets/editor/editor_page.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/file_names.h"
#include "widgets/workbench/file_page.h"

namespace caisson {

EditorArea::EditorArea(const WindowServices& services, QString sandbox, QWidget* parent)
    : QWidget(parent)
    , m_services(services)
    , m_sandbox(std::move(sandbox))
    , m_tabs(new TabBar(QStringLiteral("editors.tabs")))
    , m_pages(new QStackedWidget)
    , m_empty(new EmptyState(QStringLiteral("editors.empty"), Icon::FileText,
                             tr("Files you open from the tree are edited here."), tr("New file")))
{
    setObjectName(QStringLiteral("editors"));
    m_pages->setObjectName(QStringLiteral("editors.pages"));
    setAccessibleName(tr("Editors"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_tabs->setAccessibleName(tr("Open files"));
    m_pages->addWidget(m_empty);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_tabs);
    layout->addWidget(m_pages, 1);

    connect(m_empty, &EmptyState::activated, this, &EditorArea::newFileAsked);
    connect(m_tabs, &TabBar::currentChanged, this, &EditorArea::showCurrent);
    // Queued: the tab that was clicked is not the current one yet.
    connect(m_tabs, &TabBar::tabBarClicked, this, &EditorArea::focusCurrent, Qt::QueuedConnection);
    connect(m_tabs, &TabBar::tabCloseRequested, this, &EditorArea::close);
    connect(m_tabs, &TabBar::tabMoved, this, &EditorArea::changed);
    showCurrent();
}

void EditorArea::open(const QByteArray& path)
{
    const int index = indexOf(path);
    if (index < 0) {
        FilePage* page = add(path);
        page->load();
    } else {
        m_tabs->setCurrentIndex(index);
    }
    focusCurrent();
    emit changed();
}

FilePage* EditorArea::add(const QByteArray& path)
{
    auto* page = new FilePage(m_services, m_sandbox, path);
    m_pages->addWidget(page);
    const int index = m_tabs->addTab(QString());
    m_tabs->setTabData(index, QVariant::fromValue<QWidget*>(page));
    connect(page, &FilePage::modifiedChanged, this, [this] {
        updateTabs();
        emit changed();
    });
    connect(page, &FilePage::statusChanged, this, [this, page] {
        if (page == current())
            emit statusChanged();
        emit changed();
    });
    connect(page, &FilePage::closeAsked, this, [this, page] { close(indexOf(page->path())); });
    connect(page, &FilePage::saving, this, [this, page] { emit saving(page->path()); });
    connect(page, &FilePage::terminalAsked, this,
            [this, page] { emit terminalAsked(page->path()); });
    connect(page, &FilePage::startAsked, this, &EditorArea::startAsked);
    connect(page, &FilePage::moved, this,
            [this, page](const QByteArray& to) { takePath(page, to); });
    connect(page, &FilePage::failed, this, &EditorArea::failed);
    connect(page, &FilePage::settled, this, &EditorArea::settled);
    m_tabs->setCurrentIndex(index);
    updateTabs();
    showCurrent(); // the first tab became the current one before it had its page
    return page;
}

FilePage* EditorArea::at(int index) const
{
    return qobject_cast<FilePage*>(m_tabs->tabData(index).value<QWidget*>());
}

int EditorArea::indexOf(const QByteArray& path) const
{
    for (int index = 0; index < m_tabs->count(); ++index) {
        if (at(index)->path() == path)
            return index;
    }
    return -1;
}

FilePage* EditorArea::current() const
{
    return m_tabs->count() == 0 ? nullptr : at(m_tabs->currentIndex());
}

int EditorArea::count() const
{
    return m_tabs->count();
}

void EditorArea::save()
{
    if (FilePage* page = current())
        page->save();
}

void EditorArea::closeCurrent()
{
    if (current())
        close(m_tabs->currentIndex());
}

void EditorArea::close(int index)
{
    FilePage* page = at(index);
    if (!page->isModified()) {
        remove(page);
        return;
    }
    const QString name = displayName(lastComponent(page->path()));
    if (page->canSave())
        m_services.prompter.choose(
            page,
            {.title = tr("Save “%1” before it is closed?").arg(name),
             .text = tr("Without saving, what you typed is lost."),
             .primary = tr("&Save"),
             .other = tr("&Discard")},
            [page] { page->saveAndClose(); }, [this, page] { remove(page); });
    else
        m_services.prompter.confirm(page,
                                    {.title = tr("Close “%1” without saving?").arg(name),
                                     .text = tr("What you typed is lost. It cannot be saved now."),
                                     .action = tr("Close without saving")},
                                    [this, page] { remove(page); });
}

void EditorArea::remove(FilePage* page)
{
    const bool hadFocus = page->isAncestorOf(focusWidget());
    page->dropDraft();
    emit settled(page->notSaved()); // nothing waits for it any more
    m_pages->removeWidget(page);
    m_tabs->removeTab(indexOf(page->path()));
    page->deleteLater();
    updateTabs();
    showCurrent();
    if (hadFocus)
        focusCurrent();
    emit changed();
}

void EditorArea::showNext(int step)
{
    if (const int count = m_tabs->count())
        m_tabs->setCurrentIndex((m_tabs->currentIndex() + step + count) % count);
    focusCurrent();
}

bool EditorArea::focusCurrent()
{
    QWidget* page = current();
    if (!page && m_empty->button()->isHidden())
        return false;
    (page ? page : m_empty->button())->setFocus(Qt::ShortcutFocusReason);
    return true;
}

void EditorArea::setRunning(bool isRunning)
{
    m_empty->setAction(isRunning ? tr("New file") : QString());
}

void EditorArea::showCurrent()
{
    FilePage* page = current();
    m_tabs->setVisible(page != nullptr);
    m_pages->setCurrentWidget(page ? static_cast<QWidget*>(page) : m_empty);
    emit statusChanged();
    emit changed();
}

void EditorArea::updateTabs()
{
    QHash<QByteArray, int> namesakes;
    for (int index = 0; index < m_tabs->count(); ++index)
        ++namesakes[lastComponent(at(index)->path())];
    for (int index = 0; index < m_tabs->count(); ++index) {
        const FilePage* page = at(index);
        const QByteArray name = lastComponent(page->path());
        QString text = displayName(name);
        if (namesakes[name] > 1)
            text = displayName(lastComponent(parentPath(page->path()))) + QLatin1Char('/') + text;
        text = escapeMnemonics(text);
        m_tabs->setTabText(index, page->isModified() ? text + QStringLiteral(" •") : text);
        m_tabs->setTabToolTip(index, displayName(page->path()));
        m_tabs->setTabIcon(index, icon(fileIcon(displayName(name))));
    }
}

void EditorArea::applyEvents(const QList<api::WatchEvent>& events)
{
    for (const api::WatchEvent& event : events) {
        const bool isLoss = event.type == "overflow" || event.type == "watching";
        if (event.from && event.to)
            followMove(QByteArray::fromStdString(event.from->bytes),
                       QByteArray::fromStdString(event.to->bytes));
        for (const auto& name : {event.path, event.from, event.to}) {
            if (!name && !isLoss)
                continue;
            const QByteArray path = name ? QByteArray::fromStdString(name->bytes) : QByteArray();
            for (int index = 0; index < m_tabs->count(); ++index) {
                if (isLoss || isWithin(at(index)->path(), path))
                    at(index)->checkSoon();
            }
        }
    }
}

void EditorArea::followMove(const QByteArray& from, const QByteArray& to)
{
    for (int index = 0; index < m_tabs->count(); ++index) {
        const QByteArray path = at(index)->probablePath();
        if (isWithin(path, from))
            at(index)->followSoon(to + path.sliced(from.size()));
    }
}

/// Two tabs of one file would write over each other: the one that was there stays.
void EditorArea::takePath(FilePage* page, const QByteArray& path)
{
    if (indexOf(path) >= 0)
        return;
    page->setPath(path);
    updateTabs();
    emit changed();
}

void EditorArea::follow(const QByteArray& from, const QByteArray& to)
{
    for (int index = 0; index < m_tabs->count(); ++index) {
        FilePage* page = at(index);
        if (isWithin(page->path(), from))
            page->setPath(to + page->path().sliced(from.size()));
    }
    updateTabs();
    emit changed();
}

void EditorArea::checkAll()
{
    for (int index = 0; index < m_tabs->count(); ++index)
        at(index)->checkSoon();
}

void EditorArea::keepDrafts()
{
    for (int index = 0; index < m_tabs->count(); ++index)
        at(index)->keepDraft();
}

QList<OpenFileState> EditorArea::files() const
{
    QList<OpenFileState> files;
    for (int index = 0; index < m_tabs->count(); ++index)
        files += OpenFileState{.path = at(index)->path(), .view = at(index)->viewState()};
    return files;
}

QByteArray EditorArea::activePath() const
{
    return current() ? current()->path() : QByteArray();
}

void EditorArea::restore(const QList<OpenFileState>& files, const QByteArray& active)
{
    QList<OpenFileState> all = files;
    // After a crash the window may not know of what it kept last.
    for (const QByteArray& path : m_services.drafts.pathsOf(m_sandbox))
        all += OpenFileState{.path = path, .view = {}};
    for (const OpenFileState& file : all) {
        if (indexOf(file.path) >= 0)
            continue;
        FilePage* page = add(file.path);
        page->restoreViewState(file.view);
        page->load();
    }
    if (const int index = indexOf(active); index >= 0)
        m_tabs->setCurrentIndex(index);
    showCurrent();
}

} // namespace caisson
