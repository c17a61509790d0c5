// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/terminal_area.h"

#include <QAction>
#include <QApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/notice_strip.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/tab_bar.h"
#include "widgets/models/file_names.h"
#include "widgets/models/request_text.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/terminal_page.h"

namespace caisson {

namespace {

/// How long a closed terminal can be had back.
constexpr std::chrono::seconds kUndoTime{8};

/// Carries the line below the tabs on to the end of the row.
class TabRow : public QWidget
{
protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(0, height() - 1, width(), 1, colorsOf(palette()).hairline);
    }
};

} // namespace

TerminalArea::TerminalArea(desk::Backend& backend, QString sandbox, QAction* newTerminal,
                           QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_tabRow(new TabRow)
    , m_tabs(new TabBar(QStringLiteral("terminals.tabs")))
    , m_pages(new QStackedWidget)
    , m_reading(new QWidget)
    , m_none(new EmptyState(QStringLiteral("terminals.empty"), Icon::Terminal,
                            tr("Programs run here, and go on when the window is closed."),
                            tr("New terminal")))
    , m_stopped(new EmptyState(QStringLiteral("terminals.stopped"), Icon::Terminal, QString(),
                               tr("Start")))
    , m_closed(new NoticeStrip(QStringLiteral("terminals.closed"), NoticeStrip::Tone::Note))
{
    setObjectName(QStringLiteral("terminals"));
    m_tabRow->setObjectName(QStringLiteral("terminals.row"));
    m_pages->setObjectName(QStringLiteral("terminals.pages"));
    m_reading->setObjectName(QStringLiteral("terminals.reading"));
    setAccessibleName(tr("Terminals"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_tabs->setAccessibleName(tr("Terminals"));
    QToolButton* add = makeToolButton(newTerminal, this);
    add->setObjectName(QStringLiteral("terminals.new"));
    for (QWidget* page :
         {m_reading, static_cast<QWidget*>(m_none), static_cast<QWidget*>(m_stopped)})
        m_pages->addWidget(page);

    m_tabRow->setFixedHeight(metrics::kTabHeight);
    auto* row = new QHBoxLayout(m_tabRow);
    row->setContentsMargins(0, 0, 6, 0);
    row->setSpacing(4);
    row->addWidget(m_tabs);
    row->addWidget(add);
    row->addStretch();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_tabRow);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_closed);

    QPushButton* undo = m_closed->addButton(QStringLiteral("undo"), tr("&Undo"));
    m_closed->setDismissible(true);
    m_closeTimer.setSingleShot(true);
    m_closeTimer.setInterval(kUndoTime);
    connect(undo, &QPushButton::clicked, this, &TerminalArea::undoClose);
    connect(m_closed, &NoticeStrip::dismissed, this, &TerminalArea::commitClose);
    connect(&m_closeTimer, &QTimer::timeout, this, &TerminalArea::commitClose);
    connect(m_none, &EmptyState::activated, this, &TerminalArea::openNew);
    connect(m_stopped, &EmptyState::activated, this, &TerminalArea::startAsked);

    connect(m_tabs, &TabBar::currentChanged, this, &TerminalArea::updatePage);
    // Queued: the tab that was clicked is not the current one yet.
    connect(m_tabs, &TabBar::tabBarClicked, this, &TerminalArea::focusCurrent,
            Qt::QueuedConnection);
    connect(m_tabs, &TabBar::tabCloseRequested, this, &TerminalArea::close);
    connect(m_tabs, &TabBar::tabMoved, this, [this](int from, int to) {
        m_tabPages.move(from, to);
        const QSignalBlocker quiet(m_model); // the tabs have moved already
        m_model.move(from, to);
        emit changed();
    });
    connect(&m_model, &TerminalModel::rowsInserted, this,
            [this](const QModelIndex&, int first, int last) { insertTabs(first, last); });
    connect(&m_model, &TerminalModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) { removeTabs(first, last); });
    connect(&m_model, &TerminalModel::rowsRemoved, this, &TerminalArea::updatePage);
    connect(&m_model, &TerminalModel::dataChanged, this,
            [this](const QModelIndex& index) { updateTab(index.row()); });
}

// ---- the sandbox's terminals -------------------------------------------------------------------

void TerminalArea::start(WhenNone whenNone)
{
    m_isRunning = true;
    updatePage();
    m_backend.listTerminals(m_sandbox).then(
        this,
        [this, whenNone](const Result<api::TerminalList>& result) { listed(result, whenNone); });
}

void TerminalArea::listed(const Result<api::TerminalList>& result, WhenNone whenNone)
{
    if (!m_isRunning)
        return;
    if (!result) {
        emit failed(tr("Could not read the terminals."), result.error());
        return;
    }
    m_isRead = true;
    std::vector<api::Terminal> terminals = result->terminals;
    // The window was gone before what had been closed in it was ended.
    for (const QString& id : std::exchange(m_wantedClosed, {})) {
        if (std::erase_if(terminals, [&](const api::Terminal& terminal) {
                return terminal.id == id.toStdString();
            }) > 0)
            closeNow(id);
    }
    std::erase_if(terminals, [this](const api::Terminal& terminal) {
        return terminal.id == m_closing.toStdString();
    });
    m_model.reset(std::move(terminals), m_wantedOrder);
    if (const int row = m_model.rowOf(m_wantedActive); row >= 0)
        m_tabs->setCurrentIndex(row);
    m_wantedOrder.clear();
    m_wantedActive.clear();
    if (m_model.rowCount() == 0 && whenNone == WhenNone::Open)
        openNew();
    updatePage();
}

void TerminalArea::stop(const QString& sentence)
{
    m_isRunning = false;
    m_isRead = false;
    m_closing.clear();
    m_closeTimer.stop();
    m_closed->hide();
    m_stopped->setSentence(sentence);
    m_model.clear();
    updatePage();
}

void TerminalArea::put(const api::Terminal& terminal)
{
    if (m_isRunning && m_isRead && terminal.id != m_closing.toStdString())
        m_model.put(terminal);
}

void TerminalArea::remove(const QString& terminal)
{
    m_model.remove(terminal);
}

void TerminalArea::restore(const QStringList& order, const QString& active,
                           const QStringList& closed)
{
    m_wantedOrder = order;
    m_wantedActive = active;
    m_wantedClosed = closed;
}

QStringList TerminalArea::closed() const
{
    return m_closing.isEmpty() ? m_wantedClosed : m_wantedClosed + QStringList{m_closing};
}

QString TerminalArea::active() const
{
    return current() ? current()->terminal() : m_wantedActive;
}

// ---- what a person does ------------------------------------------------------------------------

bool TerminalArea::showTerminal(const QString& terminal)
{
    const int row = m_model.rowOf(terminal);
    if (row < 0)
        return false;
    m_tabs->setCurrentIndex(row);
    focusCurrent();
    return true;
}

QString TerminalArea::titleOf(const QString& terminal) const
{
    const int row = m_model.rowOf(terminal);
    return row < 0 ? QString() : m_model.index(row).data().toString();
}

void TerminalArea::openNew()
{
    create({}, {});
}

void TerminalArea::openPager(const QByteArray& path)
{
    // Not every machine has less.
    static constexpr const char* kPager =
        "if command -v less >/dev/null; then exec less -- \"$1\"; fi; exec more -- \"$1\"";
    create({.argv = {"/bin/sh", "-c", kPager, "pager", path.toStdString()},
            .title = displayName(lastComponent(path)).toStdString()},
           {});
}

void TerminalArea::create(const api::CreateTerminal& request, const QString& inPlaceOf)
{
    api::CreateTerminal sized = request;
    if (const TerminalPage* page = current()) {
        sized.cols = page->view()->columns();
        sized.rows = page->view()->lines();
    }
    m_backend.createTerminal(m_sandbox, sized)
        .then(this, [this, inPlaceOf](const Result<api::Terminal>& result) {
            if (!result) {
                emit failed(tr("Could not open a terminal."), result.error());
                return;
            }
            const QString id = QString::fromStdString(result->id);
            m_model.put(*result);
            if (const int place = m_model.rowOf(inPlaceOf); place >= 0) {
                m_tabs->moveTab(m_model.rowOf(id), place);
                closeNow(inPlaceOf);
            }
            m_tabs->setCurrentIndex(m_model.rowOf(id));
            focusCurrent();
            emit changed();
        });
}

void TerminalArea::restart(TerminalPage* page)
{
    const api::Terminal& ended = m_model.at(rowOf(page));
    create({.argv = ended.argv, .title = ended.title}, page->terminal());
}

void TerminalArea::closeCurrent()
{
    if (current())
        close(m_tabs->currentIndex());
}

void TerminalArea::close(int index)
{
    commitClose();
    const QModelIndex row = m_model.index(index);
    const QString id = row.data(TerminalModel::IdRole).toString();
    if (row.data(TerminalModel::EndedRole).toBool()) {
        closeNow(id);
        return;
    }
    // Its program may be an hour into its work: for a moment it only looks closed.
    m_closing = id;
    m_closed->setText(
        tr("Closed “%1”. Its program is about to be ended.").arg(row.data().toString()));
    m_closed->show();
    m_closeTimer.start();
    m_model.remove(id);
    focusCurrent();
    emit changed();
}

void TerminalArea::undoClose()
{
    m_closeTimer.stop();
    m_closed->hide();
    m_wantedActive = std::exchange(m_closing, {});
    start(WhenNone::Leave);
}

void TerminalArea::commitClose()
{
    m_closeTimer.stop();
    m_closed->hide();
    if (!m_closing.isEmpty())
        closeNow(std::exchange(m_closing, {}));
}

void TerminalArea::closeNow(const QString& terminal)
{
    m_model.remove(terminal);
    m_backend.removeTerminal(m_sandbox, terminal).then(this, [this](const Result<void>& result) {
        if (!result && result.error().code != ErrorCode::NotFound)
            emit failed(tr("Could not end a terminal."), result.error());
    });
    emit changed();
}

void TerminalArea::showNext(int step)
{
    if (const int count = m_tabs->count())
        m_tabs->setCurrentIndex((m_tabs->currentIndex() + step + count) % count);
    focusCurrent();
}

void TerminalArea::focusCurrent()
{
    m_wantsFocus = false;
    if (TerminalPage* page = current()) {
        page->setFocus(Qt::ShortcutFocusReason);
    } else if (!m_isRead && m_pages->currentWidget() == m_reading) {
        m_wantsFocus = true;
        m_reading->setFocus();
    } else if (auto* state = qobject_cast<EmptyState*>(m_pages->currentWidget())) {
        state->button()->setFocus(Qt::ShortcutFocusReason);
    }
}

// ---- tabs --------------------------------------------------------------------------------------

TerminalPage* TerminalArea::at(int row) const
{
    return row < 0 || row >= m_tabPages.size() ? nullptr : m_tabPages[row];
}

int TerminalArea::rowOf(const TerminalPage* page) const
{
    return static_cast<int>(m_tabPages.indexOf(page));
}

TerminalPage* TerminalArea::current() const
{
    return at(m_tabs->currentIndex());
}

void TerminalArea::insertTabs(int first, int last)
{
    for (int row = first; row <= last; ++row) {
        auto* page = new TerminalPage(m_backend, m_sandbox,
                                      m_model.index(row).data(TerminalModel::IdRole).toString());
        m_tabPages.insert(row, page);
        m_pages->addWidget(page);
        m_tabs->insertTab(row, icon(Icon::Terminal), QString());
        connect(page, &TerminalPage::ended, this, [this, page](const api::ExitStatus& exit) {
            m_model.setEnded(page->terminal(), exit);
        });
        connect(page, &TerminalPage::titleChanged, this, [this, page] { updateTab(rowOf(page)); });
        connect(page, &TerminalPage::restartAsked, this, [this, page] { restart(page); });
        connect(page, &TerminalPage::closeAsked, this,
                [this, page] { closeNow(page->terminal()); });
        updateTab(row);
    }
    updatePage();
}

/// A terminal that goes, or comes, takes no key from the person to where it does something else.
void TerminalArea::keepFocus()
{
    if (!m_wantsFocus)
        return;
    TerminalPage* page = current();
    (page ? static_cast<QWidget*>(page) : m_pages->currentWidget())->setFocus();
    m_wantsFocus = !page && m_isRunning && !m_isRead;
}

void TerminalArea::removeTabs(int first, int last)
{
    m_wantsFocus = m_wantsFocus || m_pages->isAncestorOf(QApplication::focusWidget());
    for (int row = last; row >= first; --row) {
        TerminalPage* page = m_tabPages.takeAt(row);
        m_pages->removeWidget(page);
        m_tabs->removeTab(row);
        page->deleteLater();
    }
}

void TerminalArea::updateTab(int row)
{
    const QModelIndex index = m_model.index(row);
    const QString text = escapeMnemonics(index.data().toString());
    const QString end = index.data(TerminalModel::EndTextRole).toString();
    m_tabs->setTabText(row, end.isEmpty() ? text : tr("%1 (ended)").arg(text));
    QStringList tips{index.data().toString()};
    for (const QString& tip :
         {shownText(at(row)->view()->title(), 400), index.data(Qt::ToolTipRole).toString()}) {
        if (!tip.isEmpty() && !tips.contains(tip))
            tips += tip;
    }
    m_tabs->setTabToolTip(row, tips.join(QLatin1Char('\n')));
    if (!end.isEmpty())
        at(row)->showEnd(end + QLatin1Char('.'));
}

void TerminalArea::updatePage()
{
    m_tabRow->setVisible(m_isRunning);
    m_tabs->setVisible(m_tabs->count() > 0);
    if (TerminalPage* page = current())
        m_pages->setCurrentWidget(page);
    else if (!m_isRunning)
        m_pages->setCurrentWidget(m_stopped);
    else
        m_pages->setCurrentWidget(m_isRead ? static_cast<QWidget*>(m_none) : m_reading);
    keepFocus();
    emit changed();
}

} // namespace caisson
