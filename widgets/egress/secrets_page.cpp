// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/secrets_page.h"

#include <QAction>
#include <QGridLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QStackedLayout>
#include <QTableView>
#include <QToolButton>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/notice_strip.h"
#include "widgets/common/pane.h"
#include "widgets/common/prompter.h"
#include "widgets/common/style.h"
#include "widgets/egress/secret_detail.h"
#include "widgets/egress/table.h"

namespace caisson {

namespace {

constexpr int kProblemLines = 3;
constexpr std::chrono::seconds kUsesTick{3};
QString listTopic()
{
    return SecretsPage::tr("Could not read the secrets.");
}

QString keptText(const QString& name, desk::SecretKeeper::Kept kept)
{
    using enum desk::SecretKeeper::Kept;
    switch (kept) {
    case InKeychain:
        return SecretsPage::tr("“%1” is kept in the desktop’s keychain.").arg(name);
    case Waiting:
        return SecretsPage::tr("“%1” is kept until this machine restarts, and in the desktop’s "
                               "keychain once you unlock that.")
            .arg(name);
    case Locked:
        return SecretsPage::tr("“%1” is kept until this machine restarts: the desktop’s keychain "
                               "is locked. Unlock it and replace the value to keep it there.")
            .arg(name);
    case NoKeychain:
        break;
    }
    return SecretsPage::tr("“%1” is kept until this machine restarts: there is no keychain that "
                           "could hold it.")
        .arg(name);
}

} // namespace

SecretsPage::SecretsPage(desk::Backend& backend, desk::SecretKeeper& keeper, Prompter& prompter,
                         QWidget* parent)
    : QWidget(parent)
    , m_keeper(keeper)
    , m_prompter(prompter)
    , m_users(backend)
    , m_table(makeTable(QStringLiteral("secrets.table"), tr("Secrets")))
    , m_pages(new QStackedLayout)
    , m_empty(new EmptyState(
          QStringLiteral("secrets.empty"), Icon::Key,
          tr("Keys and tokens that sandboxes use without ever holding them are listed here. A rule "
             "says where one is put in; a sandbox sees a placeholder."),
          tr("Add a secret")))
    , m_activity(new ActivityLine(this))
    , m_tools(new QWidget)
    , m_locked(new NoticeStrip(QStringLiteral("secrets.locked"), NoticeStrip::Tone::Note))
    , m_detail(new SecretDetail(m_model, m_users))
    , m_form(nullptr)
    , m_title(new QLabel)
    , m_nameLabel(new QLabel(tr("&Name")))
    , m_name(new QLineEdit)
    , m_value(new QLineEdit)
    , m_problem(new QLabel)
    , m_accept(new QPushButton)
    , m_cancel(new QPushButton(tr("Cancel")))
    , m_add(makeAction(QStringLiteral("addSecret"), tr("&Add a secret")))
    , m_replace(makeAction(QStringLiteral("replaceSecret"), tr("&Replace the value")))
    , m_remove(makeAction(QStringLiteral("removeSecret"), tr("Re&move…")))
{
    setObjectName(QStringLiteral("secrets"));
    setAccessibleName(tr("Secrets"));
    layOut();
    connectKeeper();
    m_uses.setInterval(kUsesTick);
    connect(&m_uses, &QTimer::timeout, this, [this] {
        m_keeper.refresh();
        m_table->viewport()->update(); // how long ago
    });
    connect(&m_users, &SecretUsers::changed, this, [this] { m_detail->setSecret(current()); });
    updatePage();
    updateActions();
}

QAction* SecretsPage::makeAction(const QString& name, const QString& text)
{
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    return action;
}

void SecretsPage::layOut()
{
    m_add->setIcon(icon(Icon::Plus));
    m_replace->setIcon(icon(Icon::Key));
    m_remove->setIcon(icon(Icon::Trash));
    m_remove->setShortcut(Qt::Key_Delete);
    m_remove->setShortcutContext(Qt::WidgetShortcut);
    m_table->addAction(m_remove);
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new TableDelegate(m_table));
    QHeaderView* head = m_table->horizontalHeader();
    head->setSectionResizeMode(QHeaderView::Stretch);
    head->setSectionResizeMode(SecretModel::When, QHeaderView::Fixed);
    head->setSectionResizeMode(SecretModel::By, QHeaderView::Fixed);
    head->resizeSection(SecretModel::When, 52);
    head->resizeSection(SecretModel::By, 64);
    head->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);

    m_tools->setObjectName(QStringLiteral("secrets.tools"));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(8, 8, 8, 8);
    row->setSpacing(4);
    for (QAction* action : {m_add, m_replace, m_remove}) {
        QToolButton* button = makeToolButton(action, this);
        button->setObjectName(QStringLiteral("secrets.") + action->objectName());
        row->addWidget(button);
    }
    row->addStretch();
    m_locked->setText(tr("A file of secrets is locked."),
                      tr("Secrets that were kept with a passphrase wait in it."));
    QPushButton* unlock = m_locked->addButton(QStringLiteral("unlock"), tr("&Unlock"));
    m_activity->setObjectName(QStringLiteral("secrets.activity"));
    m_activity->hide();
    m_form = makeForm();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tools);
    column->addWidget(m_locked);
    column->addLayout(m_pages, 1);
    // Now: a page of a layout that belongs to nobody yet is shown as a window of its own.
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_empty);
    m_detail->hide();
    column->addWidget(m_detail);
    column->addWidget(m_form);
    m_form->hide();

    connect(m_add, &QAction::triggered, this, [this] { openForm(Form::Add); });
    connect(m_replace, &QAction::triggered, this, [this] { openForm(Form::Replace); });
    connect(m_remove, &QAction::triggered, this, &SecretsPage::removeCurrent);
    connect(m_empty, &EmptyState::activated, this, [this] { openForm(Form::Add); });
    connect(unlock, &QPushButton::clicked, this, [this] { openForm(Form::Unlock); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &SecretsPage::updateActions);
    connect(m_table, &QTableView::doubleClicked, this, [this] { openForm(Form::Replace); });
    connect(m_table, &QWidget::customContextMenuRequested, this, [this](const QPoint& position) {
        auto* menu = new QMenu(m_table);
        menu->setObjectName(QStringLiteral("secrets.menu"));
        menu->setAttribute(Qt::WA_DeleteOnClose);
        menu->addAction(m_add);
        if (m_table->indexAt(position).isValid())
            menu->addActions({m_replace, m_remove});
        menu->popup(m_table->viewport()->mapToGlobal(position));
    });
}

QWidget* SecretsPage::makeForm()
{
    m_title->setObjectName(QStringLiteral("secrets.title"));
    m_title->setFont(headingFont());
    m_nameLabel->setObjectName(QStringLiteral("secrets.nameLabel"));
    m_name->setAccessibleName(tr("Name"));
    m_name->setObjectName(QStringLiteral("secrets.name"));
    m_name->setPlaceholderText(tr("e.g. github"));
    m_nameLabel->setBuddy(m_name);
    m_value->setObjectName(QStringLiteral("secrets.value"));
    m_value->setEchoMode(QLineEdit::Password);
    m_value->setInputMethodHints(Qt::ImhHiddenText | Qt::ImhSensitiveData |
                                 Qt::ImhNoPredictiveText | Qt::ImhNoAutoUppercase);
    auto* valueLabel = new QLabel(tr("&Value"));
    valueLabel->setObjectName(QStringLiteral("secrets.valueLabel"));
    valueLabel->setBuddy(m_value);
    m_problem->setObjectName(QStringLiteral("secrets.problem"));
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setFont(secondaryFont());
    m_problem->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    // Room for the longest of them: where fields moved while a name was typed, a value was typed
    // into the name, for all to see.
    m_problem->setFixedHeight(kProblemLines * QFontMetrics(secondaryFont()).lineSpacing());
    m_accept->setObjectName(QStringLiteral("secrets.accept"));
    m_accept->setAutoDefault(true);
    setButtonKind(m_accept, ButtonKind::Primary);
    m_cancel->setObjectName(QStringLiteral("secrets.cancel"));
    m_cancel->setAutoDefault(true);

    auto* form = new QWidget;
    form->setObjectName(QStringLiteral("secrets.form"));
    form->setAutoFillBackground(true);
    form->setBackgroundRole(QPalette::AlternateBase);
    auto* line = new QFrame;
    line->setObjectName(QStringLiteral("secrets.line"));
    line->setFrameShape(QFrame::HLine);
    line->setFixedHeight(1);
    auto* grid = new QGridLayout;
    grid->setContentsMargins(12, 12, 12, 12);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    grid->setColumnStretch(1, 1);
    grid->addWidget(m_title, 0, 0, 1, 2);
    grid->addWidget(m_nameLabel, 1, 0);
    grid->addWidget(m_name, 1, 1);
    grid->addWidget(valueLabel, 2, 0);
    grid->addWidget(m_value, 2, 1);
    grid->addWidget(m_problem, 3, 1);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_accept);
    grid->addLayout(buttons, 4, 0, 1, 2);
    auto* column = new QVBoxLayout(form);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(line);
    column->addLayout(grid);

    for (QLineEdit* edit : {m_name, m_value}) {
        connect(edit, &QLineEdit::textChanged, this, &SecretsPage::updateForm);
        connect(edit, &QLineEdit::returnPressed, this, &SecretsPage::submit);
    }
    connect(m_accept, &QPushButton::clicked, this, &SecretsPage::submit);
    connect(m_cancel, &QPushButton::clicked, this, &SecretsPage::closeForm);
    return form;
}

void SecretsPage::connectKeeper()
{
    using desk::SecretKeeper;
    connect(&m_keeper, &SecretKeeper::listed, this, [this](const api::SecretList& list) {
        m_isRead = true;
        m_activity->setBusy(false);
        m_model.reset(list.secrets);
        m_locked->setVisible(list.locked);
        if (!list.locked && m_kind == Form::Unlock && !m_form->isHidden())
            closeForm();
        updatePage();
        m_detail->setSecret(current());
        if (const int row = m_model.rowOf(m_stored); row >= 0) {
            m_table->setCurrentIndex(m_model.index(row, SecretModel::Name));
            m_stored.clear();
        }
        emit settled(listTopic());
    });
    connect(&m_keeper, &SecretKeeper::listFailed, this, [this](const Error& error) {
        m_activity->setBusy(false);
        // Where the service is gone, the window says so.
        if (error.code != ErrorCode::Unavailable)
            emit failed(
                {.what = listTopic(), .error = error, .subject = Subject::Other, .again = [this] {
                     m_keeper.refresh();
                 }});
    });
    connect(&m_keeper, &SecretKeeper::stored, this,
            [this](const QString& name, SecretKeeper::Kept kept) {
                if (name == m_sending) {
                    m_stored = name; // it is listed in a moment
                    closeForm();
                }
                emit noted(keptText(name, kept));
            });
    connect(&m_keeper, &SecretKeeper::putFailed, this,
            [this](const QString& name, const Error& error) {
                if (name == m_sending) {
                    m_sending.clear();
                    updateForm();
                }
                emit failed({.what = tr("“%1” was not kept.").arg(name),
                             .error = error,
                             .subject = Subject::Other,
                             .again = {}});
            });
    connect(&m_keeper, &SecretKeeper::removeFailed, this,
            [this](const QString& name, const Error& error) {
                emit failed({.what = tr("“%1” was not removed.").arg(name),
                             .error = error,
                             .subject = Subject::Other,
                             .again = [this, name] { m_keeper.remove(name); }});
            });
    connect(&m_keeper, &SecretKeeper::unlockFailed, this, [this](const Error& error) {
        m_sending.clear();
        m_value->clear();
        updateForm();
        say(reason(error, Subject::Other), QPalette::BrightText);
    });
    connect(&m_keeper, &SecretKeeper::restoreFailed, this,
            [this](const QString& name, const Error& error) {
                // A keychain that stayed locked may say that it has no such secret.
                emit failed({.what = tr("The value of “%1” is not at hand. Unlock the desktop’s "
                                        "keychain and try again, or put it in again.")
                                         .arg(name),
                             .error = error,
                             .subject = Subject::Other,
                             .again = [this, name] { m_keeper.restore(name); }});
            });
}

void SecretsPage::setNaming(std::function<QString(const QString&)> nameOf)
{
    m_model.setNaming(std::move(nameOf));
    m_detail->setSecret(current());
}

void SecretsPage::focusTable()
{
    if (m_pages->currentWidget() == m_table)
        m_table->setFocus(Qt::ShortcutFocusReason);
    else
        m_empty->button()->setFocus(Qt::ShortcutFocusReason);
}

QString SecretsPage::current() const
{
    return m_table->currentIndex().data(SecretModel::NameRole).toString();
}

void SecretsPage::updatePage()
{
    const bool isEmpty = m_isRead && m_model.rowCount() == 0;
    QWidget* page = isEmpty ? static_cast<QWidget*>(m_empty) : m_table;
    if (page != m_pages->currentWidget()) {
        // What is hidden hands the keyboard to anything.
        const bool hadFocus = m_pages->currentWidget()->isAncestorOf(window()->focusWidget());
        m_pages->setCurrentWidget(page);
        if (hadFocus)
            focusTable();
    }
    m_table->setColumnHidden(SecretModel::Lasts, width() < 520);
    updateActions();
}

void SecretsPage::updateActions()
{
    const bool isThere = !current().isEmpty();
    m_replace->setEnabled(isThere);
    m_remove->setEnabled(isThere);
    m_detail->setSecret(current());
}

/// What removing it means, for the question whether to.
QString SecretsPage::lossText(const QString& name) const
{
    const int row = m_model.rowOf(name);
    const bool isInKeychain = row >= 0 && m_model.at(row).lasts == "keychain";
    const QString forgotten =
        isInKeychain ? tr("Its value is forgotten, here and in the desktop’s keychain.")
                     : tr("Its value is forgotten.");
    const QStringList rules = m_detail->rulesText(name);
    const QString refused = rules.isEmpty()
                                ? tr("No rule puts it in.")
                                : tr("These stay, and what they are for is refused: %1.")
                                      .arg(rules.join(QStringLiteral("; ")));
    return forgotten + QLatin1Char(' ') + refused;
}

void SecretsPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_activity->setBusy(!m_isRead);
    updatePage();
    m_keeper.refresh();
    m_users.refresh();
    m_uses.start();
}

void SecretsPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // Over the lower edge of the tools, so that nothing moves.
    const int height = m_activity->minimumHeight();
    m_activity->setGeometry(0, m_tools->geometry().bottom() + 1 - height, width(), height);
    m_activity->raise();
    updatePage(); // which columns there is room for
}

/// A value that was typed does not wait for somebody to come back.
void SecretsPage::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_uses.stop();
    if (event->spontaneous() || m_value->text().isEmpty())
        return;
    m_value->clear();
    m_isEmptied = true;
    updateForm();
}

// ---- the form ----------------------------------------------------------------------------------

void SecretsPage::openForm(Form form)
{
    if (form == Form::Replace && current().isEmpty())
        return;
    if (QWidget* from = window()->focusWidget(); !m_form->isAncestorOf(from))
        m_opener = from;
    m_kind = form;
    m_sending.clear();
    m_stored.clear();
    m_isEmptied = false;
    m_value->clear();
    m_name->clear();
    m_nameLabel->setVisible(form == Form::Add);
    m_name->setVisible(form == Form::Add);
    m_value->setAccessibleName(form == Form::Unlock ? tr("Passphrase") : tr("Value"));
    m_value->setPlaceholderText(form == Form::Unlock ? tr("Passphrase") : QString());
    if (form == Form::Replace)
        m_name->setText(current());
    m_title->setText(form == Form::Add       ? tr("New secret")
                     : form == Form::Replace ? tr("New value of “%1”").arg(current())
                                             : tr("Unlock the file of secrets"));
    m_accept->setText(form == Form::Add       ? tr("Keep")
                      : form == Form::Replace ? tr("Replace")
                                              : tr("Unlock"));
    m_form->show();
    updateForm();
    (form == Form::Add ? m_name : m_value)->setFocus(Qt::ShortcutFocusReason);
}

void SecretsPage::addSecret(const QString& name)
{
    openForm(Form::Add);
    m_name->setText(name);
    m_value->setFocus(Qt::ShortcutFocusReason);
}

void SecretsPage::closeForm()
{
    const bool hadFocus = m_form->isAncestorOf(window()->focusWidget());
    m_sending.clear();
    m_value->clear();
    m_name->clear();
    // Before the form goes: what is hidden hands the keyboard to anything.
    if (hadFocus) {
        const bool isBack = m_stored.isEmpty() && m_opener && isAncestorOf(m_opener) &&
                            m_opener->isVisible() && m_opener->isEnabled();
        if (isBack)
            m_opener->setFocus(Qt::OtherFocusReason);
        else
            focusTable();
    }
    m_form->hide();
}

void SecretsPage::updateForm()
{
    const bool isSending = !m_sending.isEmpty();
    const QString name = m_name->text().trimmed();
    const bool isNamed = m_kind == Form::Unlock || secretNameProblem(name).isEmpty();
    const bool isOneLine =
        !value().contains(QLatin1Char('\n')) && !value().contains(QLatin1Char('\r'));
    if (!value().isEmpty())
        m_isEmptied = false;
    setWrong(m_name, !isNamed && !name.isEmpty());
    setWrong(m_value, !isOneLine);
    if (!isNamed && !name.isEmpty())
        say(secretNameProblem(name), QPalette::BrightText);
    else if (!isOneLine)
        say(tr("A value stands in one line of a request, and this one has several."),
            QPalette::BrightText);
    else if (m_isEmptied)
        say(tr("The value was emptied when you looked elsewhere. Put it in again."),
            QPalette::WindowText);
    else if (m_kind == Form::Add && m_model.has(name))
        say(tr("There is a secret of this name already; its value would be replaced."),
            QPalette::WindowText);
    else if (m_kind == Form::Unlock)
        say({}, QPalette::PlaceholderText);
    else
        say(tr("One line. Sandboxes see a placeholder, never the value."),
            QPalette::PlaceholderText);
    // What is disabled hands the keyboard to anything, and the form is to know that it has it.
    if (isSending && m_accept->hasFocus())
        m_value->setFocus(Qt::OtherFocusReason);
    m_accept->setEnabled(isNamed && isOneLine && !value().isEmpty() && !isSending);
    m_name->setReadOnly(isSending);
    m_value->setReadOnly(isSending);
    m_activity->setBusy(isSending);
}

void SecretsPage::say(const QString& text, QPalette::ColorRole color)
{
    m_problem->setText(text);
    m_problem->setForegroundRole(color);
}

QString SecretsPage::value() const
{
    QString value = m_value->text();
    while (value.endsWith(QLatin1Char('\n')) || value.endsWith(QLatin1Char('\r')))
        value.chop(1);
    return value;
}

void SecretsPage::submit()
{
    if (!m_accept->isEnabled()) {
        if (!m_name->isHidden() && m_name->hasFocus())
            m_value->setFocus(Qt::TabFocusReason);
        return;
    }
    if (m_kind == Form::Unlock) {
        m_sending = QStringLiteral("?");
        m_keeper.unlock(value());
    } else {
        m_sending = m_name->text().trimmed();
        m_keeper.put(m_sending, value());
    }
    updateForm();
}

void SecretsPage::removeCurrent()
{
    const QString name = current();
    if (name.isEmpty())
        return;
    m_prompter.confirm(window(),
                       {.title = tr("Remove the secret “%1”?").arg(name),
                        .text = lossText(name),
                        .action = tr("Remove")},
                       [guard = QPointer(this), name] {
                           if (guard)
                               guard->m_keeper.remove(name);
                       });
}

void SecretsPage::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && !m_form->isHidden())
        closeForm();
    else
        QWidget::keyPressEvent(event);
}

} // namespace caisson
