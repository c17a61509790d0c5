// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rules_page.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/menu_place.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/pane.h"
#include "widgets/egress/presets_menu.h"
#include "widgets/egress/rule_delegate.h"
#include "widgets/egress/rule_detail.h"
#include "widgets/egress/rule_question.h"

namespace caisson {

namespace {

constexpr std::chrono::seconds kCountsTick{3};
constexpr int kActionWidth = 104;
constexpr int kMethodsWidth = 96;
constexpr int kPathWidth = 120;
constexpr int kHitsWidth = 56;
constexpr int kLastWidth = 64;
/// In less, the host takes methods and path into its column, lest it be cut in favour of theirs.
constexpr int kWide = 680;
constexpr int kLowestPart = 80;
/// Its first two lines; the page is then whole beside an open request at 900 by 600.
constexpr int kLowestDetail = 68;

} // namespace

RulesPage::RulesPage(desk::Backend& backend, RuleModel& model, Prompter& prompter, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_prompter(prompter)
    , m_table(makeTable(QStringLiteral("rules.table"), tr("Rules")))
    , m_detail(new RuleDetail(model))
    , m_splitter(new QSplitter(Qt::Vertical))
    , m_pages(new QStackedLayout)
    , m_empty(new EmptyState(QStringLiteral("rules.empty"), Icon::Rules,
                             tr("Rules are listed here. The first that fits a request decides; "
                                "answers to requests that wait become rules."),
                             tr("Add a rule")))
    , m_stopped(new EmptyState(QStringLiteral("rules.stopped"), Icon::Rules,
                               tr("The sandbox does not run. Its rules are kept and shown when it "
                                  "does."),
                               tr("Start")))
    , m_activity(new ActivityLine(this))
    , m_tools(new QWidget)
    , m_default(new QComboBox)
    , m_question(new RuleQuestion(backend, model))
    , m_add(makeAction(QStringLiteral("addRule"), tr("&Add a rule")))
    , m_remove(makeAction(QStringLiteral("removeRule"), tr("&Remove")))
    , m_up(makeAction(QStringLiteral("ruleUp"), tr("Move &up")))
    , m_down(makeAction(QStringLiteral("ruleDown"), tr("Move &down")))
    , m_undo(makeAction(QStringLiteral("undoRule"), tr("&Undo")))
    , m_redo(makeAction(QStringLiteral("redoRule"), tr("&Redo")))
    , m_import(makeAction(QStringLiteral("importRules"), tr("&Import a policy file…")))
    , m_export(makeAction(QStringLiteral("exportRules"), tr("&Export as a policy file…")))
    , m_presets(new QMenu(tr("Add rules for"), this))
{
    setObjectName(QStringLiteral("rules"));
    setAccessibleName(tr("Rules"));
    layOut();
    connectModel();
    m_counts.setInterval(kCountsTick);
    connect(&m_counts, &QTimer::timeout, this, [this] {
        m_model.refresh();
        m_table->viewport()->update(); // the time that is left
    });
    updateDefault();
    updatePage();
    updateActions();
}

QAction* RulesPage::makeAction(const QString& name, const QString& text)
{
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    return action;
}

void RulesPage::fillTools()
{
    m_add->setIcon(icon(Icon::Plus));
    m_remove->setIcon(icon(Icon::Trash));
    m_undo->setIcon(icon(Icon::Undo));
    m_redo->setIcon(icon(Icon::Redo));
    m_import->setIcon(icon(Icon::Import));
    m_export->setIcon(icon(Icon::Export));
    m_remove->setShortcut(Qt::Key_Delete);
    m_up->setShortcut(Qt::ALT | Qt::Key_Up);
    m_down->setShortcut(Qt::ALT | Qt::Key_Down);
    m_undo->setShortcut(QKeySequence::Undo);
    m_redo->setShortcut(QKeySequence::Redo);
    for (QAction* action : {m_remove, m_up, m_down}) {
        action->setShortcutContext(Qt::WidgetShortcut);
        m_table->addAction(action);
    }
    // Of the page: where the last rule was removed there is no table, and it is to be had back.
    for (QAction* action : {m_undo, m_redo}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action);
    }
    addPresets(*m_presets, &m_model);
    auto* presets = new QAction(icon(Icon::Rules), tr("Add rules for…"), this);
    QToolButton* presetsButton = makeToolButton(presets, this);
    presetsButton->setObjectName(QStringLiteral("rules.presets"));
    presetsButton->setMenu(m_presets);
    presetsButton->setPopupMode(QToolButton::InstantPopup);
    m_presets->setObjectName(QStringLiteral("rules.presetsMenu"));
    keepInWindow(*m_presets, *this);

    m_tools->setObjectName(QStringLiteral("rules.tools"));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(8, 8, 8, 8);
    row->setSpacing(4);
    const auto add = [&](QAction* action) {
        QToolButton* button = makeToolButton(action, this);
        button->setObjectName(QStringLiteral("rules.") + action->objectName());
        row->addWidget(button);
    };
    add(m_add);
    add(m_remove);
    row->addSpacing(8);
    add(m_undo);
    add(m_redo);
    row->addStretch();
    row->addWidget(presetsButton);
    add(m_import);
    add(m_export);
}

QWidget* RulesPage::makeDefaultRow()
{
    m_default->setObjectName(QStringLiteral("rules.default"));
    m_default->setAccessibleName(tr("Everything else"));
    for (const char* action : {"ask", "allow", "deny"})
        m_default->addItem(actionText(action), QString::fromLatin1(action));
    auto* label = new QLabel(tr("Everything else"));
    label->setObjectName(QStringLiteral("rules.defaultLabel"));
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setBuddy(m_default);
    auto* line = new QWidget;
    line->setObjectName(QStringLiteral("rules.defaultRow"));
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(12, 6, 8, 6);
    row->addWidget(label);
    row->addStretch();
    row->addWidget(m_default);
    connect(m_default, &QComboBox::activated, this, [this] {
        m_model.setDefaultAction(m_default->currentData().toString());
        updateDefault();
    });
    return line;
}

void RulesPage::layOut()
{
    // Before the table hears of it, whose editor would hand the keyboard to anything.
    connect(&m_model, &QAbstractItemModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) { loseEdited(first, last); });
    m_table->setModel(&m_model);
    m_table->installEventFilter(this);
    m_table->viewport()->installEventFilter(this);
    auto* delegate = new RuleDelegate(m_table);
    m_table->setItemDelegate(delegate);
    connect(delegate, &RuleDelegate::draftTyped, &m_model, &RuleModel::keepDraft);
    connect(delegate, &RuleDelegate::givenUp, this, [this](const QModelIndex& place) {
        emit noted(
            tr("What was typed for %1 was not set: something else had the keyboard meanwhile.")
                .arg(place.siblingAtColumn(RuleModel::Host).data().toString()));
    });
    // Queued: what was typed is taken first.
    connect(
        delegate, &QAbstractItemDelegate::closeEditor, this,
        [this](QWidget*, QAbstractItemDelegate::EndEditHint hint) {
            endFresh(hint);
            updateDetail();
        },
        Qt::QueuedConnection);
    // By an arrow key, or a click in another row, the table closes a field without that.
    connect(
        m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
        [this] { endFresh(QAbstractItemDelegate::NoHint); }, Qt::QueuedConnection);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                             QAbstractItemView::AnyKeyPressed);
    m_table->setDragDropMode(QAbstractItemView::InternalMove);
    m_table->setDragDropOverwriteMode(false);
    m_table->setDropIndicatorShown(true);
    m_table->setDefaultDropAction(Qt::MoveAction);
    QHeaderView* head = m_table->horizontalHeader();
    for (int column = RuleModel::Ports; column < RuleModel::Columns; ++column)
        m_table->hideColumn(column);
    head->setSectionResizeMode(QHeaderView::Interactive);
    head->setSectionResizeMode(RuleModel::Host, QHeaderView::Stretch);
    head->resizeSection(RuleModel::Action, kActionWidth);
    head->resizeSection(RuleModel::Methods, kMethodsWidth);
    head->resizeSection(RuleModel::Path, kPathWidth);
    head->resizeSection(RuleModel::Hits, kHitsWidth);
    head->resizeSection(RuleModel::Last, kLastWidth);

    m_activity->setObjectName(QStringLiteral("rules.activity"));
    m_activity->hide();
    auto* list = new QWidget;
    list->setObjectName(QStringLiteral("rules.list"));
    auto* listColumn = new QVBoxLayout(list);
    listColumn->setContentsMargins(0, 0, 0, 0);
    listColumn->setSpacing(0);
    listColumn->addLayout(m_pages, 1);
    // Now: a page of a layout that belongs to nobody yet is shown as a window of its own.
    for (QWidget* page : std::initializer_list<QWidget*>{m_table, m_empty, m_stopped})
        m_pages->addWidget(page);
    const auto hairline = [] {
        auto* line = new QFrame;
        line->setObjectName(QStringLiteral("rules.line"));
        line->setFrameShape(QFrame::HLine);
        line->setFixedHeight(1);
        return line;
    };
    listColumn->addWidget(hairline());
    listColumn->addWidget(makeDefaultRow());
    m_splitter->setObjectName(QStringLiteral("rules.splitter"));
    m_splitter->setHandleWidth(1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(list);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setSizes({300, 240});
    m_table->setMinimumHeight(kLowestPart);
    m_detail->setMinimumHeight(kLowestDetail);
    m_detail->setRow(-1);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    fillTools();
    column->addWidget(m_tools);
    column->addWidget(m_splitter, 1);
    column->addWidget(hairline());
    column->addWidget(m_question);
}

void RulesPage::connectModel()
{
    connect(m_add, &QAction::triggered, this, &RulesPage::addNew);
    connect(m_empty, &EmptyState::activated, this, &RulesPage::addNew);
    connect(m_stopped, &EmptyState::activated, this, &RulesPage::startAsked);
    connect(m_remove, &QAction::triggered, this, &RulesPage::removeCurrent);
    connect(m_up, &QAction::triggered, this, [this] { moveCurrent(-1); });
    connect(m_down, &QAction::triggered, this, [this] { moveCurrent(1); });
    connect(m_undo, &QAction::triggered, this, [this] {
        const QScopedValueRollback taking(m_isTakingAway, true);
        m_model.undoStack()->undo();
    });
    connect(m_redo, &QAction::triggered, this, [this] {
        const QScopedValueRollback taking(m_isTakingAway, true);
        m_model.undoStack()->redo();
    });
    connect(m_import, &QAction::triggered, this, &RulesPage::importFile);
    connect(m_export, &QAction::triggered, this, &RulesPage::exportFile);
    connect(m_table, &QWidget::customContextMenuRequested, this, &RulesPage::showMenu);
    connect(m_splitter, &QSplitter::splitterMoved, this, &RulesPage::changed);
    connect(m_question, &RuleQuestion::decided, this, &RulesPage::select);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        updateDetail();
        updateActions();
    });
    for (auto change : {&RuleModel::rowsInserted, &RuleModel::rowsRemoved}) {
        connect(&m_model, change, this, [this] {
            if (m_isLost) // none is chosen: what is typed on was not meant for the neighbour
                m_table->setCurrentIndex({});
            updatePage();
            updateActions();
        });
    }
    connect(&m_model, &RuleModel::rowsMoved, this, &RulesPage::updateActions);
    connect(&m_model, &RuleModel::defaultChanged, this, &RulesPage::updateDefault);
    connect(&m_model, &RuleModel::changingChanged, this, [this] {
        m_activity->setBusy(m_model.isChanging());
        // What could not be done before is over once something was done.
        if (m_model.isChanging())
            m_hasGoneOn = true;
        else if (m_hasGoneOn)
            forgetRefusals();
    });
    for (auto change : {&QUndoStack::canUndoChanged, &QUndoStack::canRedoChanged})
        connect(m_model.undoStack(), change, this, &RulesPage::updateActions);
    connect(m_model.undoStack(), &QUndoStack::indexChanged, this, &RulesPage::updateActions);
    const QString unread = tr("Could not read the rules.");
    connect(&m_model, &RuleModel::read, this, [this, unread] {
        m_activity->setBusy(false);
        m_isStopped = false;
        updatePage();
        updateDefault();
        emit settled(unread);
    });
    connect(&m_model, &RuleModel::readFailed, this, [this, unread](const Error& error) {
        m_activity->setBusy(false);
        if (error.code == ErrorCode::NotRunning) {
            m_isStopped = !m_model.isRead();
            updatePage();
        } else if (!m_model.isRead())
            emit failed(
                {.what = unread, .error = error, .subject = Subject::Other, .again = [this] {
                     m_model.refresh();
                 }});
    });
    connect(&m_model, &RuleModel::refused, this, &RulesPage::refused);
}

void RulesPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_activity->setBusy(!m_model.isRead());
    m_model.refresh();
    m_counts.start();
}

void RulesPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // Over the lower edge of the tools, so that nothing moves.
    const int height = m_activity->minimumHeight();
    m_activity->setGeometry(0, m_tools->geometry().bottom() + 1 - height, width(), height);
    m_activity->raise();
    for (const int column : {RuleModel::Methods, RuleModel::Path, RuleModel::Last})
        m_table->setColumnHidden(column, width() < kWide);
    m_model.setNarrow(width() < kWide);
}

void RulesPage::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_counts.stop();
}

void RulesPage::focusTable()
{
    if (m_pages->currentWidget() == m_table)
        m_table->setFocus(Qt::ShortcutFocusReason);
    else
        (m_isStopped ? m_stopped : m_empty)->button()->setFocus(Qt::ShortcutFocusReason);
}

QList<int> RulesPage::splitterSizes() const
{
    return m_splitter->sizes();
}

void RulesPage::setSplitterSizes(const QList<int>& sizes)
{
    if (sizes.size() == 2)
        m_splitter->setSizes(sizes);
}

void RulesPage::updatePage()
{
    const bool isEmpty = m_model.isRead() && m_model.rowCount() == 0;
    QWidget* page = m_table;
    if (m_isStopped)
        page = m_stopped;
    else if (isEmpty)
        page = m_empty;
    const bool hadFocus = window()->focusWidget() == m_table;
    const bool isLost = m_isLost;
    if (hadFocus && page != m_table && isLost)
        setFocus(Qt::OtherFocusReason); // the rest of a word is not to press a button
    m_pages->setCurrentWidget(page);
    if (hadFocus && page != m_table && !isLost)
        focusTable(); // which is the button that is there instead
    else if (page == m_table && (m_empty->button()->hasFocus() || hasFocus()))
        m_table->setFocus(Qt::OtherFocusReason);
    m_isLost = isLost; // as the table was left by itself
    if (isEmpty)
        m_detail->setRow(-1);
    for (QAction* action : {m_add, m_import, m_export})
        action->setEnabled(m_model.isRead());
    m_presets->setEnabled(m_model.isRead());
    m_default->setEnabled(m_model.isRead());
    m_question->setEnabled(!m_isStopped);
}

void RulesPage::updateActions()
{
    const int row = currentRow();
    m_remove->setEnabled(row >= 0);
    m_up->setEnabled(row > 0);
    m_down->setEnabled(row >= 0 && row < m_model.rowCount() - 1);
    QUndoStack* stack = m_model.undoStack();
    m_undo->setEnabled(stack->canUndo());
    m_redo->setEnabled(stack->canRedo());
    m_undo->setText(stack->canUndo() ? tr("&Undo: %1").arg(escapeMnemonics(stack->undoText()))
                                     : tr("&Undo"));
    m_redo->setText(stack->canRedo() ? tr("&Redo: %1").arg(escapeMnemonics(stack->redoText()))
                                     : tr("&Redo"));
}

/// A new rule has nothing else before it has a host, and is none where another field is gone to.
void RulesPage::updateDetail()
{
    const int row = currentRow();
    m_detail->setRow(row);
    m_detail->setEnabled(row < 0 || !m_model.isDraft(row));
}

void RulesPage::updateDefault()
{
    m_default->setCurrentIndex(m_default->findData(m_model.table().defaultAction));
}

// ---- what a person does ------------------------------------------------------------------------

int RulesPage::currentRow() const
{
    const QModelIndex current = m_table->currentIndex();
    return current.isValid() ? current.row() : -1;
}

/// A field that is open is not left for the sake of what is to be looked at: the table would take
/// what is half typed.
void RulesPage::select(int row)
{
    if (!openField() || row == currentRow())
        choose(row);
}

void RulesPage::choose(int row)
{
    m_isLost = false;
    const QModelIndex host = m_model.index(row, RuleModel::Host);
    m_table->setCurrentIndex(host);
    m_table->scrollTo(host);
}

/// Above the selected one, for the first that fits decides. A person who names no host has added
/// nothing.
void RulesPage::addNew()
{
    if (const QModelIndex begun = m_model.draft(); begun.isValid()) {
        choose(begun.row());
        if (QWidget* edit = m_table->indexWidget(begun))
            edit->setFocus(Qt::OtherFocusReason);
        else
            m_table->edit(begun);
        return;
    }
    api::EgressRule rule;
    rule.action = "allow";
    const int row = m_model.rowOf(m_model.addDraft(rule, qMax(0, currentRow())));
    if (row < 0)
        return;
    updatePage();
    choose(row);
    m_table->setFocus(Qt::ShortcutFocusReason);
    m_table->edit(m_model.index(row, RuleModel::Host));
}

void RulesPage::refused(const QString& what, const Error& error)
{
    m_refusals += what;
    m_hasGoneOn = false;
    Failure failure{.what = what, .error = error, .subject = Subject::Other, .again = {}};
    if (const auto secret = error.detail.find("secret"); secret != error.detail.end()) {
        failure.again = [this, name = QString::fromStdString(secret->second)] {
            emit secretAsked(name);
        };
        failure.action = tr("Add the secret…");
        m_detail->keepFor(QString::fromStdString(secret->second));
    }
    emit failed(failure);
}

void RulesPage::forgetRefusals()
{
    for (const QString& refusal : std::exchange(m_refusals, {}))
        emit settled(refusal);
}

void RulesPage::addRule(const api::EgressRule& rule)
{
    const QString id = m_model.add(rule, 0);
    if (const int row = m_model.rowOf(id); row >= 0) {
        updatePage();
        select(row);
        m_table->setFocus(Qt::OtherFocusReason);
    }
}

void RulesPage::removeCurrent()
{
    const QScopedValueRollback taking(m_isTakingAway, true);
    if (const int row = currentRow(); row >= 0)
        m_model.remove({row});
}

void RulesPage::moveCurrent(int step)
{
    const int row = currentRow();
    const int to = row + step;
    if (row >= 0 && to >= 0 && to < m_model.rowCount())
        m_model.move(row, step > 0 ? to + 1 : to);
}

void RulesPage::showMenu(const QPoint& position)
{
    auto* menu = new QMenu(m_table);
    menu->setObjectName(QStringLiteral("rules.menu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(m_add);
    if (m_table->indexAt(position).isValid()) {
        menu->addActions({m_up, m_down});
        menu->addSeparator();
        menu->addAction(m_remove);
    }
    menu->addSeparator();
    menu->addActions({m_undo, m_redo});
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

} // namespace caisson
