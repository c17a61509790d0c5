// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_model.h"

#include "widgets/models/reason.h"
#include "widgets/models/rule_import.h"

#include <QUndoCommand>

namespace caisson {

namespace {

RuleTable tableOf(const api::EgressPolicy& policy)
{
    return {.defaultAction = QString::fromStdString(policy.defaultAction),
            .rules = {policy.rules.begin(), policy.rules.end()}};
}

} // namespace

/// What the person did, for the stack. It only hands over: the model sends, and tells the stack
/// where that fails.
class RuleModel::Command : public QUndoCommand
{
public:
    /// `tail`: what could be done again before, and is to be again if this is refused.
    Command(RuleModel& model, const RuleEdit& edit, const QList<RuleEdit>& tail)
        : QUndoCommand(edit.forth.text)
        , m_model(model)
        , m_edit(edit)
        , m_tail(tail)
    {
    }
    ~Command() override
    {
        for (Waiting& waiting : m_model.m_queue) {
            if (waiting.command == this)
                waiting.command = nullptr;
        }
    }
    void redo() override
    {
        m_model.submit(m_edit.forth, this, std::exchange(m_isNew, false) ? Step::Push : Step::Redo);
    }
    void undo() override { m_model.submit(m_edit.back, this, Step::Undo); }
    const RuleEdit& edit() const { return m_edit; }
    QList<RuleEdit> takeTail() { return std::exchange(m_tail, {}); }

private:
    RuleModel& m_model;
    RuleEdit m_edit;
    QList<RuleEdit> m_tail;
    bool m_isNew = true;
};

RuleModel::RuleModel(desk::Backend& backend, QString sandbox, QObject* parent)
    : QAbstractTableModel(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
{
    connect(&m_backend, &desk::Backend::policyChanged, this,
            [this](const QString& of, qint64 generation) {
                if (of == m_sandbox && generation != m_generation)
                    refresh();
            });
}

// ---- reading and sending -----------------------------------------------------------------------

void RuleModel::refresh()
{
    if (!m_queue.isEmpty() || m_isReading) {
        m_isReadAgain = true;
        return;
    }
    m_isReading = true;
    m_isReadAgain = false;
    m_backend.egressPolicy(m_sandbox).then(this, [this](const Result<api::EgressPolicy>& result) {
        m_isReading = false;
        if (!m_queue.isEmpty()) {
            // The person did something while it was read, which was not sent until now.
            if (result)
                take(*result);
            sendNext();
            return;
        }
        if (result) {
            take(*result);
            showQueued();
            m_isRead = true;
            emit read();
        } else {
            emit readFailed(result.error());
        }
        if (std::exchange(m_isReadAgain, false))
            refresh();
    });
}

void RuleModel::take(const api::EgressPolicy& policy)
{
    m_known = tableOf(policy);
    m_generation = policy.generation;
    m_toml = QString::fromStdString(policy.toml);
}

void RuleModel::push(const RuleEdit& edit)
{
    QList<RuleEdit> tail;
    for (int at = m_undo.index(); at < m_undo.count(); ++at)
        tail += static_cast<const Command*>(m_undo.command(at))->edit();
    m_undo.push(new Command(*this, edit, tail));
}

void RuleModel::submit(const RuleChange& change, Command* command, Step step)
{
    if (m_isQuiet)
        return;
    m_queue.append({.change = change, .command = command, .step = step});
    showQueued();
    emit changingChanged();
    if (m_queue.size() == 1 && !m_isReading)
        sendNext();
}

void RuleModel::sendNext()
{
    RuleTable table = m_known;
    if (!m_queue.first().change.apply(table)) {
        // Later: the stack is in the middle of a step now.
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (m_queue.first().step != Step::Push) {
                    loseStep(tr("“%1” cannot be done any more: the rules were changed elsewhere."),
                             {});
                    return;
                }
                refuse({ErrorCode::Conflict,
                        tr("The same rules were changed elsewhere meanwhile.").toStdString(),
                        {}});
            },
            Qt::QueuedConnection);
        return;
    }
    m_backend
        .putEgressPolicy(m_sandbox, {.toml = {},
                                     .defaultAction = table.defaultAction.toStdString(),
                                     .rules = {table.rules.begin(), table.rules.end()},
                                     .generation = m_generation})
        .then(this, [this](const Result<api::EgressPolicy>& result) { answered(result); });
}

void RuleModel::answered(const Result<api::EgressPolicy>& result)
{
    if (!result) {
        if (result.error().code != ErrorCode::PreconditionFailed || m_queue.first().isAgain) {
            refuse(result.error());
            return;
        }
        m_queue.first().isAgain = true;
        m_isReading = true;
        m_backend.egressPolicy(m_sandbox).then(this, [this](const Result<api::EgressPolicy>& now) {
            m_isReading = false;
            if (!now) {
                refuse(now.error());
                return;
            }
            take(*now);
            sendNext();
        });
        return;
    }
    if (const Waiting done = m_queue.takeFirst(); done.command)
        (void)done.command->takeTail();
    take(*result);
    showQueued();
    if (!m_queue.isEmpty()) {
        sendNext();
        return;
    }
    emit changingChanged();
    if (std::exchange(m_isReadAgain, false))
        refresh();
}

void RuleModel::refuse(const Error& error)
{
    // What was possible once and is not now will not be again, unless a secret is added for it.
    if (m_queue.first().step != Step::Push && error.code == ErrorCode::BadRequest &&
        !error.detail.contains("secret")) {
        loseStep(tr("“%1” cannot be done any more."), error);
        return;
    }
    const QList<Waiting> dropped = std::exchange(m_queue, {});
    // What came after was done to a table that never was.
    if (dropped.size() == 1)
        unwind(dropped.first());
    else
        m_undo.clear();
    showQueued();
    emit changingChanged();
    emit refused(tr("“%1” was not done; the rules are as they were.")
                     .arg(nameOf(dropped.first().step, dropped.first().change)),
                 error);
    refresh();
}

/// The first of the queue is a step that will never be possible again. It stood before all that had
/// been done earlier.
void RuleModel::loseStep(const QString& what, const Error& error)
{
    const Waiting lost = m_queue.takeFirst();
    forget(lost.command);
    showQueued();
    const bool isLast = m_queue.isEmpty();
    if (isLast)
        emit changingChanged();
    QStringList why;
    if (!error.message.empty())
        why += reason(error, Subject::Other);
    if (lost.step == Step::Undo && m_undo.canUndo())
        why += tr("Undo goes on with what you did before that.");
    emit refused(what.arg(nameOf(lost.step, lost.change)),
                 {ErrorCode::Conflict, why.join(QLatin1Char(' ')).toStdString(), {}});
    if (isLast)
        refresh();
    else
        sendNext();
}

/// As on the button.
QString RuleModel::nameOf(Step step, const RuleChange& change)
{
    switch (step) {
    case Step::Undo:
        return tr("Undo: %1").arg(change.text);
    case Step::Redo:
        return tr("Redo: %1").arg(change.text);
    default:
        return change.text;
    }
}

void RuleModel::forget(Command* command)
{
    int place = 0;
    while (place < m_undo.count() && m_undo.command(place) != command)
        ++place;
    if (place == m_undo.count())
        return;
    // The stack deletes what it passes by.
    command->setObsolete(true);
    m_isQuiet = true;
    const int index = m_undo.index();
    m_undo.setIndex(place < index ? place : place + 1);
    m_undo.setIndex(place < index ? index - 1 : index);
    m_isQuiet = false;
}

/// The stack goes back to where it was before the step that was refused.
void RuleModel::unwind(const Waiting& refusedOne)
{
    m_isQuiet = true;
    if (refusedOne.step == Step::Undo) {
        m_undo.redo();
    } else if (refusedOne.step == Step::Redo) {
        m_undo.undo();
    } else {
        const QList<RuleEdit> tail = refusedOne.command->takeTail();
        refusedOne.command->setObsolete(true);
        m_undo.undo();
        const int index = m_undo.index();
        for (const RuleEdit& edit : tail)
            m_undo.push(new Command(*this, edit, {}));
        m_undo.setIndex(index);
    }
    m_isQuiet = false;
}

void RuleModel::showQueued()
{
    // A view that hears of a row may change another at once: it is shown when this is done.
    m_isShownAgain = true;
    if (m_isShowing)
        return;
    m_isShowing = true;
    while (std::exchange(m_isShownAgain, false)) {
        RuleTable table = m_known;
        for (const Waiting& waiting : m_queue)
            (void)waiting.change.apply(table); // one that fails is told when its turn comes
        if (m_draft) {
            const qsizetype row = m_draft->place.in(table);
            m_draft->place = placeAt(table, row);
            table.rules.insert(row, m_draft->rule);
        }
        show(table);
    }
    m_isShowing = false;
}

// ---- what is shown -----------------------------------------------------------------------------

/// In steps that leave selection, place and an open editor where they are.
void RuleModel::show(const RuleTable& table)
{
    QHash<std::string, qsizetype> wanted;
    for (qsizetype row = 0; row < table.rules.size(); ++row)
        wanted.insert(table.rules[row].id, row);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (!wanted.contains(m_shown.rules[row].id)) {
            beginRemoveRows({}, row, row);
            m_shown.rules.removeAt(row);
            endRemoveRows();
        }
    }
    for (int row = 0; row < table.rules.size(); ++row) {
        const api::EgressRule& rule = table.rules[row];
        const auto from = static_cast<int>(m_shown.rowOf(rule.id));
        if (from < 0) {
            beginInsertRows({}, row, row);
            m_shown.rules.insert(row, rule);
            endInsertRows();
            continue;
        }
        if (from == row + 1) {
            // One that moved down looks as if all below it had moved up.
            const auto to = static_cast<int>(
                qMin(wanted.value(m_shown.rules[row].id), m_shown.rules.size() - 1));
            if (to > row) {
                beginMoveRows({}, row, row, {}, to + 1);
                m_shown.rules.move(row, to);
                endMoveRows();
            }
        }
        if (const auto place = static_cast<int>(m_shown.rowOf(rule.id)); place != row) {
            beginMoveRows({}, place, place, {}, row);
            m_shown.rules.move(place, row);
            endMoveRows();
        }
        updateRow(row, rule);
    }
    if (std::exchange(m_shown.defaultAction, table.defaultAction) != table.defaultAction)
        emit defaultChanged();
}

void RuleModel::updateRow(int row, const api::EgressRule& rule)
{
    api::EgressRule& shown = m_shown.rules[row];
    if (shown == rule)
        return;
    const bool isCounted = isSameRule(shown, rule);
    shown = rule;
    // A field that is being typed in is not touched by a rule that matched meanwhile.
    emit dataChanged(index(row, isCounted ? Hits : 0), index(row, isCounted ? Last : Columns - 1));
}

int RuleModel::rowOf(const QString& id) const
{
    return static_cast<int>(m_shown.rowOf(id.toStdString()));
}

QString RuleModel::hostOf(const api::EgressRule& rule) const
{
    return fieldText(rule, RuleField::Host);
}

QString RuleModel::missingOf(const api::EgressRule& rule) const
{
    for (const QString& name : secretsOf(rule)) {
        if (m_secrets && !m_secrets->contains(name))
            return name;
    }
    return {};
}

void RuleModel::setSecrets(const QSet<QString>& names)
{
    if (m_secrets == names)
        return;
    m_secrets = names;
    for (int row = 0; row < rowCount(); ++row) {
        if (m_shown.rules[row].inject)
            emit dataChanged(index(row, Host), index(row, Host), {MissingRole, Qt::ToolTipRole});
    }
    emit secretsChanged();
}

// ---- what a person does ------------------------------------------------------------------------

QString RuleModel::problem(int row, int column, const QString& text) const
{
    const std::optional<RuleField> field = fieldOf(column);
    if (!field)
        return {};
    api::EgressRule rule = m_shown.rules[row];
    return setField(rule, *field, text, QDateTime::currentDateTimeUtc());
}

QString RuleModel::add(api::EgressRule rule, int before)
{
    rule.id = newRuleId();
    push(addRules(tr("Add %1").arg(hostOf(rule)), {rule}, placeFrom(before)));
    return QString::fromStdString(rule.id);
}

QString RuleModel::addDraft(api::EgressRule rule, int before)
{
    dropDraft();
    rule.id = newRuleId();
    const std::string id = rule.id;
    m_draft = {.rule = std::move(rule), .place = placeFrom(before), .typed = {}};
    showQueued();
    return QString::fromStdString(id);
}

void RuleModel::dropDraft()
{
    if (std::exchange(m_draft, {}))
        showQueued();
}

void RuleModel::keepDraft(const QString& typed)
{
    if (!m_draft || m_draft->typed == typed)
        return;
    m_draft->typed = typed;
    emit dataChanged(draft(), draft(), {Qt::DisplayRole, Qt::EditRole});
}

QString RuleModel::draftText() const
{
    return m_draft ? m_draft->typed : QString();
}

bool RuleModel::isDraft(int row) const
{
    return m_draft && m_shown.rules[row].id == m_draft->rule.id;
}

QModelIndex RuleModel::draft() const
{
    const qsizetype row = m_draft ? m_shown.rowOf(m_draft->rule.id) : -1;
    return row < 0 ? QModelIndex() : index(static_cast<int>(row), Host);
}

/// What is shown but for a rule that is none yet.
RuleTable RuleModel::settled() const
{
    RuleTable table = m_shown;
    if (const qsizetype row = m_draft ? table.rowOf(m_draft->rule.id) : -1; row >= 0)
        table.rules.removeAt(row);
    return table;
}

/// Before the row `before` of what is shown.
RulePlace RuleModel::placeFrom(int before) const
{
    const QModelIndex draftHost = draft();
    const bool isBehind = draftHost.isValid() && draftHost.row() < before;
    return placeAt(settled(), isBehind ? before - 1 : before);
}

/// Of the rule at a row, or of the next one; empty: there is none.
std::string RuleModel::idFrom(int row) const
{
    while (row < rowCount() && isDraft(row))
        ++row;
    return row < rowCount() ? m_shown.rules[row].id : std::string();
}

void RuleModel::remove(const QList<int>& rows)
{
    QList<std::string> ids;
    QString host;
    for (const int row : rows) {
        if (isDraft(row))
            continue;
        ids += m_shown.rules[row].id;
        host = hostOf(m_shown.rules[row]);
    }
    if (ids.size() < rows.size())
        dropDraft();
    if (ids.isEmpty())
        return;
    const QString what = ids.size() == 1 ? host : tr("%1 rules").arg(ids.size());
    push(removeRules(tr("Remove %1").arg(what), settled(), ids));
}

void RuleModel::move(int row, int before)
{
    if (before == row || before == row + 1 || isDraft(row))
        return;
    push(moveRule(tr("Move %1").arg(hostOf(m_shown.rules[row])), settled(), m_shown.rules[row].id,
                  idFrom(before)));
}

void RuleModel::setEnabled(int row, bool isEnabled)
{
    const api::EgressRule& before = m_shown.rules[row];
    if (before.enabled == isEnabled || isDraft(row))
        return;
    api::EgressRule after = before;
    after.enabled = isEnabled;
    push(replaceRule((isEnabled ? tr("Switch on %1") : tr("Switch off %1")).arg(hostOf(before)),
                     before, after));
}

void RuleModel::setDefaultAction(const QString& action)
{
    if (action != m_shown.defaultAction)
        push(setDefault(tr("Everything else: %1").arg(actionText(action.toStdString())),
                        m_shown.defaultAction, action));
}

void RuleModel::addAll(const QString& what, const QList<api::EgressRule>& rules,
                       const QString& defaultAction)
{
    const RuleTable before = settled();
    const RuleTable after = withRules(before, rules, defaultAction);
    if (after == before)
        return;
    // Not the whole table: what is changed elsewhere does not stand in the way of undoing it.
    const RuleEdit added = addRules(what, after.rules.sliced(before.rules.size()), std::nullopt);
    push(after.defaultAction == before.defaultAction
             ? added
             : both(what, added, setDefault(what, before.defaultAction, after.defaultAction)));
}

QString RuleModel::importToml(const QByteArray& toml)
{
    const RuleTable before = settled();
    const Result<RuleTable> after = tableOfFile(toml.toStdString(), before);
    if (!after)
        return reason(after.error(), Subject::Other);
    if (*after != before)
        push(replaceTable(tr("Import of a policy file"), before, *after));
    return {};
}

} // namespace caisson
