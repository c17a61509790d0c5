// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/requests_page.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QResizeEvent>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/common/prompter.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/request_delegate.h"
#include "widgets/egress/request_detail.h"

namespace caisson {

namespace {

/// So that a word is asked for and not each of its letters.
constexpr std::chrono::milliseconds kTypingPause{200};
constexpr int kVerdictWidth = 34;
constexpr int kMethodWidth = 60;
constexpr int kStatusWidth = 54;
constexpr int kTimeWidth = 72;
constexpr int kProgramWidth = 88;
/// In less, the time is in the tooltip and the details alone: the rows are in its order.
constexpr int kWide = 460;
/// In less, so is the program.
constexpr int kWider = 600;
constexpr int kFreshHeight = 20;
constexpr int kLowestPart = 80;

} // namespace

RequestsPage::RequestsPage(desk::Backend& backend, RequestModel& model, Prompter& prompter,
                           QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_model(model)
    , m_prompter(prompter)
    , m_filter(new QLineEdit)
    , m_verdict(new QComboBox)
    , m_table(makeTable(QStringLiteral("requests.table"), tr("Requests")))
    , m_detail(new RequestDetail)
    , m_splitter(new QSplitter(Qt::Vertical))
    , m_pages(new QStackedLayout)
    , m_empty(new EmptyState(QStringLiteral("requests.empty"), Icon::Globe,
                             tr("Every request of this sandbox is listed here as it is made, with "
                                "who made it and what became of it."),
                             tr("Go to the terminal")))
    , m_noMatch(new EmptyState(QStringLiteral("requests.noMatch"), Icon::Search,
                               tr("No request fits the filter."), tr("Show all")))
    , m_stopped(new EmptyState(QStringLiteral("requests.stopped"), Icon::Globe,
                               tr("The sandbox does not run. What it asked for is kept and shown "
                                  "when it does."),
                               tr("Start")))
    , m_activity(new ActivityLine(this))
    , m_tools(new QWidget)
    , m_fresh(new QPushButton(m_table))
{
    setObjectName(QStringLiteral("requests"));
    setAccessibleName(tr("Requests"));
    layOut();
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingPause);
    connect(&m_typing, &QTimer::timeout, this, &RequestsPage::setFilter);
    connect(m_filter, &QLineEdit::textEdited, &m_typing, qOverload<>(&QTimer::start));
    connect(m_filter, &QLineEdit::textChanged, this, [this] {
        if (m_filter->text().isEmpty())
            setFilter();
    });
    connect(m_filter, &QLineEdit::returnPressed, this, &RequestsPage::setFilter);
    connect(m_verdict, &QComboBox::currentIndexChanged, this, &RequestsPage::setFilter);
    connect(m_noMatch, &EmptyState::activated, this, [this] {
        m_filter->clear();
        m_verdict->setCurrentIndex(0);
    });
    connect(m_empty, &EmptyState::activated, this, &RequestsPage::terminalsAsked);
    connect(m_stopped, &EmptyState::activated, this, &RequestsPage::startAsked);
    connect(m_fresh, &QPushButton::clicked, this, &RequestsPage::showNewest);
    connect(m_detail, &RequestDetail::ruleAsked, this, &RequestsPage::ruleAsked);
    connect(m_detail, &RequestDetail::terminalAsked, this, &RequestsPage::terminalAsked);
    connect(m_splitter, &QSplitter::splitterMoved, this, &RequestsPage::changed);

    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &RequestsPage::updateDetail);
    connect(m_table, &QWidget::customContextMenuRequested, this, &RequestsPage::showMenu);
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, [this] {
        if (isAtTop())
            updateFresh();
    });
    connect(&m_model, &RequestModel::rowsInserted, this,
            [this](const QModelIndex&, int first, int last) {
                if (first == 0)
                    keepPlace(last + 1);
                updatePage();
            });
    connect(&m_model, &RequestModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                const int current = m_table->currentIndex().row();
                if (first.row() <= current && current <= last.row())
                    updateDetail();
            });
    connect(&m_model, &RequestModel::modelReset, this, [this] {
        m_freshCount = 0;
        updateFresh();
        updateDetail();
        updatePage();
    });
    connect(&m_model, &RequestModel::read, this, [this] {
        m_activity->setBusy(false);
        m_isStopped = false;
        updatePage();
        emit settled(tr("Could not read the requests."));
    });
    connect(&m_model, &RequestModel::failed, this, [this](const Error& error) {
        m_activity->setBusy(false);
        if (error.code == ErrorCode::NotRunning) {
            m_isStopped = m_model.rowCount() == 0;
            updatePage();
            return;
        }
        emit failed({.what = tr("Could not read the requests."),
                     .error = error,
                     .subject = Subject::Other,
                     .again = [this] { m_model.reload(); }});
    });
    updatePage();
    updateDetail();
}

void RequestsPage::fillTools()
{
    m_filter->setObjectName(QStringLiteral("requests.filter"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setPlaceholderText(tr("Host, path, program, status…"));
    m_filter->setToolTip(tr("Rows that have every word in the host, path, query or method, in the "
                            "program, its command line or those that started it, in the reason, or "
                            "as the status"));
    m_filter->installEventFilter(this);
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(icon(Icon::Search), QLineEdit::LeadingPosition);
    m_verdict->setObjectName(QStringLiteral("requests.verdict"));
    m_verdict->setAccessibleName(tr("Verdict"));
    m_verdict->addItem(tr("All"), QString());
    for (const char* verdict : {"allow", "deny", "tunnel"})
        m_verdict->addItem(verdictText(verdict), QString::fromLatin1(verdict));
    auto* har = new QAction(icon(Icon::Export), tr("Export as HAR…"), this);
    har->setObjectName(QStringLiteral("har"));
    connect(har, &QAction::triggered, this, &RequestsPage::exportHar);
    QToolButton* harButton = makeToolButton(har, this);
    harButton->setObjectName(QStringLiteral("requests.har"));

    m_tools->setObjectName(QStringLiteral("requests.tools"));
    for (auto* part : m_filter->findChildren<QToolButton*>())
        part->setObjectName(QStringLiteral("requests.filter.icon"));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(8, 6, 8, 6);
    row->setSpacing(6);
    row->addWidget(m_filter, 1);
    row->addWidget(m_verdict);
    row->addWidget(harButton);
}

void RequestsPage::layOut()
{
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new RequestDelegate(m_table));
    m_table->setTextElideMode(Qt::ElideMiddle);
    QHeaderView* head = m_table->horizontalHeader();
    head->setSectionResizeMode(QHeaderView::Fixed);
    head->setSectionResizeMode(RequestModel::Url, QHeaderView::Stretch);
    head->resizeSection(RequestModel::Verdict, kVerdictWidth);
    head->resizeSection(RequestModel::Method, kMethodWidth);
    head->resizeSection(RequestModel::Program, kProgramWidth);
    head->resizeSection(RequestModel::Status, kStatusWidth);
    head->resizeSection(RequestModel::Time, kTimeWidth);
    m_table->viewport()->installEventFilter(this);

    m_fresh->setObjectName(QStringLiteral("requests.fresh"));
    m_fresh->setIcon(icon(Icon::ArrowUp));
    m_fresh->setFont(secondaryFont());
    m_fresh->setFocusPolicy(Qt::TabFocus);
    m_fresh->setFixedHeight(kFreshHeight);
    m_fresh->hide();

    m_splitter->setObjectName(QStringLiteral("requests.splitter"));
    m_splitter->setHandleWidth(1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setSizes({300, 220});
    m_table->setMinimumHeight(kLowestPart);
    m_detail->setMinimumHeight(kLowestPart);

    m_activity->setObjectName(QStringLiteral("requests.activity"));
    m_activity->hide();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    fillTools();
    column->addWidget(m_tools);
    column->addLayout(m_pages, 1);
    // Now: a page of a layout that belongs to nobody yet is shown as a window of its own.
    for (QWidget* page : std::initializer_list<QWidget*>{m_splitter, m_empty, m_noMatch, m_stopped})
        m_pages->addWidget(page);
}

void RequestsPage::focusTable()
{
    if (m_pages->currentWidget() == m_splitter)
        m_table->setFocus(Qt::ShortcutFocusReason);
    else if (m_isStopped)
        m_stopped->button()->setFocus(Qt::ShortcutFocusReason);
    else
        m_filter->setFocus(Qt::ShortcutFocusReason);
}

void RequestsPage::retry()
{
    m_isStopped = false;
    m_model.followAnew();
    updatePage();
}

QList<int> RequestsPage::splitterSizes() const
{
    return m_splitter->sizes();
}

void RequestsPage::setSplitterSizes(const QList<int>& sizes)
{
    if (sizes.size() == 2)
        m_splitter->setSizes(sizes);
}

void RequestsPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_activity->setBusy(!m_model.isRead());
    m_model.setLive(true);
}

void RequestsPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // Over the lower edge of the tools, so that nothing moves.
    const int height = m_activity->minimumHeight();
    m_activity->setGeometry(0, m_tools->geometry().bottom() + 1 - height, width(), height);
    m_activity->raise();
    m_table->setColumnHidden(RequestModel::Time, width() < kWide);
    m_table->setColumnHidden(RequestModel::Program, width() < kWider);
}

void RequestsPage::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_model.setLive(false);
}

bool RequestsPage::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_filter) {
        const bool isKey = event->type() == QEvent::KeyPress;
        if (isKey && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape &&
            !m_filter->text().isEmpty()) {
            m_filter->clear();
            return true;
        }
    } else if (event->type() == QEvent::Resize) {
        updateFresh();
    }
    return QWidget::eventFilter(watched, event);
}

void RequestsPage::showMenu(const QPoint& position)
{
    // A menu that was asked for by a key comes where the chosen row is.
    const QModelIndex index = m_table->indexAt(position);
    if (!index.isValid() && !m_table->currentIndex().isValid())
        return;
    if (index.isValid())
        m_table->setCurrentIndex(index);
    auto* menu = new QMenu(m_table);
    menu->setObjectName(QStringLiteral("requests.menu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    m_detail->fillMenu(*menu);
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

void RequestsPage::setFilter()
{
    m_typing.stop();
    m_activity->setBusy(true);
    const QString verdict = m_verdict->currentData().toString();
    const QString text = m_filter->text().trimmed();
    if (text == m_model.text() && verdict == m_model.verdict()) {
        m_activity->setBusy(false);
        return;
    }
    m_model.setFilter(text, verdict);
}

void RequestsPage::updatePage()
{
    const bool isEmpty = m_model.isRead() && m_model.rowCount() == 0;
    QWidget* page = m_splitter;
    if (m_isStopped)
        page = m_stopped;
    else if (isEmpty)
        page = m_model.isFiltered() ? m_noMatch : m_empty;
    if (page == m_pages->currentWidget())
        return;
    // What is hidden hands the keyboard to anything: to the table, which would choose a row with it.
    const bool hadFocus = m_pages->currentWidget()->isAncestorOf(window()->focusWidget());
    if (hadFocus)
        m_filter->setFocus(Qt::OtherFocusReason);
    m_pages->setCurrentWidget(page);
    if (hadFocus && m_isStopped)
        focusTable();
}

void RequestsPage::updateDetail()
{
    const QModelIndex current = m_table->currentIndex();
    m_detail->setVisible(current.isValid());
    if (current.isValid())
        m_detail->setEntry(m_model.at(current.row()));
}

// ---- standing still ----------------------------------------------------------------------------

bool RequestsPage::isAtTop() const
{
    return m_table->verticalScrollBar()->value() == 0;
}

/// Rows came in above. Who is at the top and has chosen none watches them come; who reads does not
/// want them to move what is read.
void RequestsPage::keepPlace(int count)
{
    if (isAtTop() && !m_table->currentIndex().isValid())
        return;
    m_freshCount += count;
    QScrollBar* bar = m_table->verticalScrollBar();
    const int place = bar->value() + count * metrics::kRowHeight;
    bar->setMaximum(qMax(bar->maximum(), place)); // which the view does later
    bar->setValue(place);
    updateFresh();
}

void RequestsPage::updateFresh()
{
    if (isAtTop())
        m_freshCount = 0;
    m_fresh->setVisible(m_freshCount > 0);
    if (m_freshCount == 0)
        return;
    m_fresh->setText(tr("%1 new").arg(QLocale().toString(m_freshCount)));
    m_fresh->adjustSize();
    // Over the heads of the columns: the rows are what is read.
    m_fresh->move(m_table->viewport()->width() - m_fresh->width() - 8,
                  (metrics::kRowHeight - m_fresh->height()) / 2);
    m_fresh->raise();
}

void RequestsPage::showNewest()
{
    m_table->scrollToTop();
    updateFresh();
}

// ---- HAR ---------------------------------------------------------------------------------------

void RequestsPage::exportHar()
{
    m_prompter.chooseFile(window(),
                          {.title = tr("Export the requests as HAR"),
                           .purpose = FileQuestion::Purpose::Save,
                           .name = QStringLiteral("requests.har"),
                           .pattern = tr("HTTP archives (*.har)")},
                          [guard = QPointer(this)](const QString& file) {
                              if (guard)
                                  guard->saveHar(file);
                          });
}

void RequestsPage::saveHar(const QString& file)
{
    ++m_saving;
    m_activity->setBusy(true);
    m_backend.egressHar(m_model.sandbox(), file)
        .then(this, [this, file](const Result<void>& result) {
            if (--m_saving == 0)
                m_activity->setBusy(false);
            if (!m_harFailure.isEmpty())
                emit settled(std::exchange(m_harFailure, {}));
            const QString what = tr("Could not export the requests to %1.").arg(file);
            if (result) {
                emit noted(tr("The requests are in %1.").arg(file));
                return;
            }
            m_harFailure = what;
            emit failed({.what = what,
                         .error = result.error(),
                         .subject = Subject::Other,
                         .again = [this, file] { saveHar(file); }});
        });
}

} // namespace caisson
