// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rule_detail.h"

#include <QApplication>
#include <QCheckBox>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSignalBlocker>

#include "widgets/common/fonts.h"
#include "widgets/common/leaving.h"
#include "widgets/common/style.h"
#include "widgets/models/rule_model.h"

namespace caisson {

namespace {

QLabel* makeNote(const QString& name)
{
    auto* note = new QLabel;
    note->setObjectName(name);
    note->setTextFormat(Qt::PlainText);
    note->setWordWrap(true);
    note->setFont(secondaryFont());
    note->setForegroundRole(QPalette::BrightText);
    note->hide();
    return note;
}

} // namespace

RuleDetail::RuleDetail(RuleModel& model, QWidget* parent)
    : QScrollArea(parent)
    , m_model(model)
    , m_expires(nullptr)
    , m_private(new QCheckBox(tr("May resolve to a private address")))
    , m_lost(makeNote(QStringLiteral("rule.lost")))
    , m_missing(makeNote(QStringLiteral("rule.missing")))
    , m_matches(new QLabel)
{
    setObjectName(QStringLiteral("rule"));
    setAccessibleName(tr("The rest of the rule"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Window);
    m_private->setObjectName(QStringLiteral("rule.private"));
    m_private->setToolTip(tr("Of this machine or a local network, which are refused otherwise"));
    m_lost->setText(
        tr("This rule is gone: it was removed, or its time was over. What is typed here "
           "counts for no rule."));

    m_matches->setObjectName(QStringLiteral("rule.matches"));
    m_matches->setTextFormat(Qt::PlainText);
    m_matches->setWordWrap(true);
    m_matches->setFont(secondaryFont());
    m_matches->setForegroundRole(QPalette::PlaceholderText);
    m_matches->setTextInteractionFlags(Qt::TextSelectableByMouse);

    auto* body = new QWidget;
    body->setObjectName(QStringLiteral("rule.body"));
    auto* grid = new QGridLayout(body);
    grid->setContentsMargins(12, 10, 12, 12);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    grid->addWidget(m_lost, 0, 0, 1, 2);
    grid->addWidget(m_matches, 1, 0, 1, 2);
    grid->addWidget(m_missing, 2, 0, 1, 2);
    addField(*grid, RuleModel::Methods, QStringLiteral("methods"), tr("any; e.g. GET, HEAD"));
    addField(*grid, RuleModel::Path, QStringLiteral("path"), tr("any; e.g. /repos/**"));
    addField(*grid, RuleModel::Ports, QStringLiteral("ports"),
             tr("the web’s, 80 and 443; e.g. 8443"));
    addField(*grid, RuleModel::Process, QStringLiteral("process"), tr("any; e.g. /usr/bin/git"));
    addField(*grid, RuleModel::Expires, QStringLiteral("expires"),
             tr("never; e.g. 15m, 2h, 3d or a date"));
    m_expires = m_fields.last().edit;
    addField(*grid, RuleModel::Secret, QStringLiteral("secret"),
             tr("none; e.g. Authorization: Bearer ${secret:NAME}"));
    addField(*grid, RuleModel::Note, QStringLiteral("note"), tr("none"));
    grid->addWidget(m_private, grid->rowCount(), 1);
    grid->setRowStretch(grid->rowCount(), 1);
    setWidget(body);

    connect(m_private, &QCheckBox::toggled, this, [this](bool isPrivate) {
        if (m_index.isValid())
            m_model.setData(m_model.index(m_index.row(), RuleModel::Private),
                            isPrivate ? QStringLiteral("yes") : QString());
    });
    connect(&m_model, &RuleModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) {
                for (int row = first; row <= last; ++row)
                    m_wrong.remove(m_model.index(row, 0).data(RuleModel::IdRole).toString());
                if (m_index.isValid() && first <= m_index.row() && m_index.row() <= last)
                    loseRule();
            });
    connect(&m_model, &RuleModel::secretsChanged, this, &RuleDetail::retry);
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, const QWidget* now) {
        // Null: the window itself is not looked at.
        if (m_isLost && now && !isAncestorOf(now))
            leaveLost();
    });
    connect(&m_model, &RuleModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                if (!m_index.isValid() || m_index.row() < first.row() || last.row() < m_index.row())
                    return;
                if (last.column() > RuleModel::Last)
                    fill();
                else // only counted, or its secret came or went
                    sayState();
            });
}

void RuleDetail::addField(QGridLayout& grid, int column, const QString& name, const QString& hint)
{
    const QString title = m_model.headerData(column, Qt::Horizontal).toString();
    auto* edit = new QLineEdit;
    edit->setObjectName(QStringLiteral("rule.") + name);
    edit->setAccessibleName(title);
    edit->setPlaceholderText(hint);
    auto* label = new QLabel(title);
    label->setObjectName(QStringLiteral("rule.%1.label").arg(name));
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setBuddy(edit);
    const int row = grid.rowCount();
    grid.addWidget(label, row, 0);
    grid.addWidget(edit, row, 1);
    QLabel* problem = makeNote(QStringLiteral("rule.%1.problem").arg(name));
    grid.addWidget(problem, row + 1, 1);
    const Field field{column, edit, problem, hint.section(QLatin1Char(';'), 0, 0)};
    m_fields += field;
    edit->installEventFilter(this);
    connect(edit, &QLineEdit::textEdited, this, [this, field] { check(field); });
    connect(edit, &QLineEdit::returnPressed, this, [this, field] { commit(field); });
}

QString RuleDetail::text(int column) const
{
    return m_model.index(m_index.row(), column).data(Qt::EditRole).toString();
}

void RuleDetail::setRow(int row)
{
    m_next = row < 0 ? QPersistentModelIndex() : QPersistentModelIndex(m_model.index(row, 0));
    if (!m_isLost)
        show(row);
}

void RuleDetail::show(int row)
{
    // What is being typed belongs to the rule it was begun for.
    if (m_index.isValid() && m_index.row() != row) {
        for (const Field& field : std::as_const(m_fields))
            commit(field);
    }
    m_index = row < 0 ? QPersistentModelIndex() : QPersistentModelIndex(m_model.index(row, 0));
    setVisible(row >= 0);
    for (const Field& field : std::as_const(m_fields))
        field.edit->setModified(false);
    fill();
}

/// What is being typed stays.
void RuleDetail::fill()
{
    if (!m_index.isValid())
        return;
    const QHash<int, QString> wrong = m_wrong.value(m_index.data(RuleModel::IdRole).toString());
    for (const Field& field : std::as_const(m_fields)) {
        if (field.edit->isModified())
            continue;
        const auto kept = wrong.constFind(field.column);
        if (kept != wrong.constEnd()) {
            field.edit->setText(*kept);
            field.edit->setModified(true);
            check(field);
        } else {
            field.edit->setText(text(field.column));
            field.edit->setCursorPosition(0); // its beginning says more than its end
            showProblem(field, {});
        }
    }
    // A rule that ends with a process or a session has no time to show.
    const QModelIndex ends = m_model.index(m_index.row(), RuleModel::Expires);
    const std::string& lasts = m_model.at(m_index.row()).lasts;
    const bool isBound = lasts == "session" || lasts == "process";
    m_expires->setPlaceholderText(isBound ? ends.data().toString()
                                          : tr("never; e.g. 15m, 2h, 3d or a date"));
    sayState();
    const QSignalBlocker quiet(m_private);
    m_private->setChecked(m_model.at(m_index.row()).isPrivate);
}

void RuleDetail::sayState()
{
    m_matches->setText(m_model.isDraft(m_index.row())
                           ? tr("No rule yet: it is one when its host is set.")
                           : matchText(m_model.at(m_index.row())));
    const QString missing = m_model.index(m_index.row(), 0).data(RuleModel::MissingRole).toString();
    m_missing->setText(tr("There is no secret “%1”. What this rule is for is refused until it is "
                          "added on the Secrets page.")
                           .arg(missing));
    m_missing->setVisible(!missing.isEmpty());
}

void RuleDetail::check(const Field& field)
{
    if (!m_index.isValid())
        return;
    QString problem = m_model.problem(m_index.row(), field.column, field.edit->text());
    if (const QString wanted = wantedSecret(field.edit->text());
        problem.isEmpty() && field.column == RuleModel::Secret && !wanted.isEmpty()) {
        const QString held = text(field.column);
        problem = tr("There is no secret “%1” yet. This is set when there is one; until then, the "
                     "rule has: %2.")
                      .arg(wanted, held.isEmpty() ? field.none : held);
    } else if (problem.isEmpty() && field.column == RuleModel::Secret && isKept(field)) {
        problem = tr("The rule was changed meanwhile. Press Return to set this.");
    } else if (!problem.isEmpty()) {
        const QString held = text(field.column);
        problem +=
            QLatin1Char(' ') +
            tr("Until it is mended, the rule has: %1.").arg(held.isEmpty() ? field.none : held);
    }
    showProblem(field, problem);
}

void RuleDetail::showProblem(const Field& field, const QString& problem)
{
    field.problem->setText(problem);
    field.problem->setVisible(!problem.isEmpty());
    field.edit->setAccessibleDescription(problem);
    setWrong(field.edit, !problem.isEmpty());
    if (problem.isEmpty() || !field.edit->hasFocus())
        return;
    widget()->layout()->activate();
    ensureWidgetVisible(field.problem, 0, 4);
    ensureWidgetVisible(field.edit, 0, 4);
}

/// The one that is named there and was not found; empty: none.
QString RuleDetail::wantedSecret(const QString& typed) const
{
    for (const QString& name : m_wanted) {
        if (typed.contains(QStringLiteral("${secret:%1}").arg(name)))
            return name;
    }
    return {};
}

/// Whether what the field shows was typed and is not in force.
bool RuleDetail::isKept(const Field& field) const
{
    const auto wrong = m_wrong.constFind(m_index.data(RuleModel::IdRole).toString());
    return wrong != m_wrong.cend() && wrong->contains(field.column) &&
           wrong->value(field.column) == field.edit->text();
}

bool RuleDetail::keepFor(const QString& secret)
{
    m_wanted += secret;
    if (m_sent.column != RuleModel::Secret || wantedSecret(m_sent.typed) != secret)
        return false;
    m_wrong[m_sent.id].insert(m_sent.column, m_sent.typed);
    if (const int row = m_model.rowOf(m_sent.id); row >= 0)
        m_keptFor.insert(m_sent.id, m_model.at(row));
    m_sent = {};
    fill();
    return true;
}

/// There are secrets now that there were not.
void RuleDetail::retry()
{
    m_wanted.removeIf([this](const QString& name) { return m_model.hasSecret(name); });
    for (auto rule = m_wrong.begin(); rule != m_wrong.end(); ++rule) {
        const QString typed = rule->value(RuleModel::Secret);
        const int row = m_model.rowOf(rule.key());
        if (row < 0 || typed.isEmpty() || !wantedSecret(typed).isEmpty() ||
            !m_model.problem(row, RuleModel::Secret, typed).isEmpty())
            continue;
        // Meant for the host that the rule had: where that is another by now, the person says so again.
        if (!m_keptFor.contains(rule.key()) ||
            !isSameRule(m_keptFor.take(rule.key()), m_model.at(row)))
            continue;
        rule->remove(RuleModel::Secret);
        for (const Field& field : std::as_const(m_fields)) {
            if (field.column == RuleModel::Secret && m_index.isValid() && m_index.row() == row &&
                field.edit->text() == typed)
                field.edit->setModified(false);
        }
        send(row, RuleModel::Secret, typed);
    }
    fill();
    for (const Field& field : std::as_const(m_fields)) {
        if (field.edit->isModified()) // which fill() leaves alone
            check(field);
    }
}

void RuleDetail::send(int row, int column, const QString& typed)
{
    const QModelIndex place = m_model.index(row, column);
    m_sent = {.id = place.data(RuleModel::IdRole).toString(), .column = column, .typed = typed};
    m_model.setData(place, typed);
}

/// What cannot be stays in its field, with the reason below, until it is mended.
void RuleDetail::commit(const Field& field)
{
    if (!m_index.isValid() || !field.edit->isModified())
        return;
    const QString typed = field.edit->text();
    QHash<int, QString>& wrong = m_wrong[m_index.data(RuleModel::IdRole).toString()];
    if (field.column == RuleModel::Secret && wrong.value(field.column) == typed &&
        !wantedSecret(typed).isEmpty())
        return; // it was said, and is tried by itself
    if (m_model.problem(m_index.row(), field.column, typed).isEmpty()) {
        wrong.remove(field.column);
        field.edit->setModified(false);
        send(m_index.row(), field.column, typed);
        fill();
    } else {
        wrong.insert(field.column, typed);
        check(field);
    }
}

void RuleDetail::giveUp(const Field& field)
{
    m_wrong[m_index.data(RuleModel::IdRole).toString()].remove(field.column);
    field.edit->setModified(false);
    fill();
}

/// The selection slides to the neighbour. Whoever types goes on typing for a moment.
void RuleDetail::loseRule()
{
    m_index = QPersistentModelIndex();
    // The window's: with another window in front, the application has none.
    m_isLost = isAncestorOf(window()->focusWidget());
    if (!m_isLost)
        return;
    m_lost->show();
    m_matches->hide();
    m_missing->hide();
    m_private->setEnabled(false);
    for (const Field& field : std::as_const(m_fields)) {
        showProblem(field, {});
        field.edit->setReadOnly(true); // one that is disabled hands the keyboard to the next
    }
    verticalScrollBar()->setValue(0);
}

void RuleDetail::leaveLost()
{
    m_isLost = false;
    m_lost->hide();
    m_matches->show();
    m_private->setEnabled(true);
    for (const Field& field : std::as_const(m_fields))
        field.edit->setReadOnly(false);
    show(m_next.isValid() ? m_next.row() : -1);
}

bool RuleDetail::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusOut) {
        // Half of a path, or of a list of ports, is not taken because another window came.
        for (const Field& field : std::as_const(m_fields)) {
            if (field.edit == watched &&
                leavingOf(*field.edit, static_cast<QFocusEvent&>(*event)) != Leaving::Interrupted)
                commit(field);
        }
    }
    if (event->type() != QEvent::KeyPress ||
        static_cast<QKeyEvent*>(event)->key() != Qt::Key_Escape)
        return QScrollArea::eventFilter(watched, event);
    for (const Field& field : std::as_const(m_fields)) {
        if (field.edit != watched)
            continue;
        if (m_isLost) {
            leaveLost();
            return true;
        }
        if (m_index.isValid() && field.edit->isModified()) {
            giveUp(field);
            return true;
        }
    }
    return QScrollArea::eventFilter(watched, event);
}

} // namespace caisson
