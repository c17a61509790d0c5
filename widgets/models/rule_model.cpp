// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_model.h"

#include "backend/policy/host_name.h"
#include "widgets/models/reason.h"
#include "widgets/models/rule_import.h"

#include <QLocale>
#include <QMimeData>
#include <QSet>
#include <QUndoCommand>

namespace caisson {

namespace {

const QString kMimeType = QStringLiteral("application/x-caisson-rule");

std::optional<RuleField> fieldOf(int column)
{
    switch (column) {
    case RuleModel::Action:
        return RuleField::Action;
    case RuleModel::Host:
        return RuleField::Host;
    case RuleModel::Methods:
        return RuleField::Methods;
    case RuleModel::Path:
        return RuleField::Path;
    case RuleModel::Ports:
        return RuleField::Ports;
    case RuleModel::Process:
        return RuleField::Process;
    case RuleModel::Private:
        return RuleField::Private;
    case RuleModel::Expires:
        return RuleField::Expires;
    case RuleModel::Secret:
        return RuleField::Secret;
    case RuleModel::Note:
        return RuleField::Note;
    default:
        return std::nullopt;
    }
}

QDateTime timeOf(const std::string& text)
{
    return QDateTime::fromString(QString::fromStdString(text), Qt::ISODateWithMs);
}

bool isOver(const api::EgressRule& rule)
{
    return !rule.expires.empty() && timeOf(rule.expires) <= QDateTime::currentDateTimeUtc();
}

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
    Command(RuleModel& model, const RuleEdit& edit)
        : QUndoCommand(edit.forth.text)
        , m_model(model)
        , m_edit(edit)
    {
    }
    void redo() override
    {
        m_model.submit(m_edit.forth, this, std::exchange(m_isNew, false) ? Step::Push : Step::Redo);
    }
    void undo() override
    {
        if (m_isForGood) {
            m_model.submit(m_edit.back, nullptr, Step::Drop);
            setObsolete(true); // the stack deletes it then
        } else
            m_model.submit(m_edit.back, this, Step::Undo);
    }
    void undoForGood() { m_isForGood = true; }

private:
    RuleModel& m_model;
    RuleEdit m_edit;
    bool m_isNew = true;
    bool m_isForGood = false;
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
    m_undo.push(new Command(*this, edit));
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
    m_queue.removeFirst();
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
    const QList<Waiting> dropped = std::exchange(m_queue, {});
    // What came after was done to a table that never was.
    if (dropped.size() == 1)
        unwind(dropped.first());
    else
        m_undo.clear();
    showQueued();
    emit changingChanged();
    emit refused(
        tr("“%1” was not done; the rules are as they were.").arg(dropped.first().change.text),
        error);
    refresh();
}

/// The stack goes back to where it was before the step that was refused.
void RuleModel::unwind(const Waiting& refusedOne)
{
    if (refusedOne.step == Step::Drop)
        return; // the stack knows nothing of it any more
    m_isQuiet = true;
    if (refusedOne.step == Step::Undo) {
        m_undo.redo();
    } else {
        if (refusedOne.step == Step::Push)
            refusedOne.command->setObsolete(true);
        m_undo.undo();
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
    const std::string next = before < rowCount() ? m_shown.rules[before].id : std::string();
    push(addRules(tr("Add %1").arg(hostOf(rule)), {rule}, next));
    return QString::fromStdString(rule.id);
}

void RuleModel::takeBack()
{
    if (!m_undo.canUndo())
        return;
    // The stack lends its commands as const; they are all of this class.
    const_cast<Command*>(static_cast<const Command*>(m_undo.command(m_undo.index() - 1)))
        ->undoForGood();
    m_undo.undo();
}

void RuleModel::remove(const QList<int>& rows)
{
    QList<std::string> ids;
    for (const int row : rows)
        ids += m_shown.rules[row].id;
    if (ids.isEmpty())
        return;
    const QString what =
        ids.size() == 1 ? hostOf(m_shown.rules[rows.first()]) : tr("%1 rules").arg(ids.size());
    push(removeRules(tr("Remove %1").arg(what), m_shown, ids));
}

void RuleModel::move(int row, int before)
{
    if (before == row || before == row + 1)
        return;
    const std::string next = before < rowCount() ? m_shown.rules[before].id : std::string();
    push(moveRule(tr("Move %1").arg(hostOf(m_shown.rules[row])), m_shown, m_shown.rules[row].id,
                  next));
}

void RuleModel::setEnabled(int row, bool isEnabled)
{
    const api::EgressRule& before = m_shown.rules[row];
    if (before.enabled == isEnabled)
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
    const RuleTable after = withRules(m_shown, rules, defaultAction);
    if (after != m_shown)
        push(replaceTable(what, m_shown, after));
}

QString RuleModel::importToml(const QByteArray& toml)
{
    const Result<RuleTable> after = tableOfFile(toml.toStdString(), m_shown);
    if (!after)
        return reason(after.error(), Subject::Other);
    if (*after != m_shown)
        push(replaceTable(tr("Import of a policy file"), m_shown, *after));
    return {};
}

// ---- as a table --------------------------------------------------------------------------------

int RuleModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_shown.rules.size());
}

int RuleModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant RuleModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const api::EgressRule& rule = m_shown.rules[index.row()];
    const QDateTime now = QDateTime::currentDateTimeUtc();
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Hits)
            return rule.hits == 0 ? QString()
                                  : QLocale().toString(static_cast<qlonglong>(rule.hits));
        if (index.column() == Last)
            return rule.last.empty() ? QVariant() : QVariant(timeOf(rule.last));
        return shownField(rule, *fieldOf(index.column()), now);
    case Qt::EditRole:
        return fieldOf(index.column()) ? QVariant(fieldText(rule, *fieldOf(index.column())))
                                       : QVariant();
    case Qt::CheckStateRole:
        return index.column() == Action ? QVariant(rule.enabled ? Qt::Checked : Qt::Unchecked)
                                        : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(index.column() == Hits || index.column() == Last
                                       ? Qt::AlignRight | Qt::AlignVCenter
                                       : Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::ToolTipRole: {
        if (index.column() == Hits || index.column() == Last)
            return matchText(rule);
        // The log names it by its id.
        QStringList lines{ruleSummary(rule), tr("Rule %1").arg(QString::fromStdString(rule.id))};
        if (!rule.note.empty())
            lines += QString::fromStdString(rule.note);
        if (!rule.expires.empty() || rule.lasts == "session" || rule.lasts == "process")
            lines += tr("Ends %1").arg(shownField(rule, RuleField::Expires, now));
        if (!rule.process.empty())
            lines += tr("Only for %1").arg(QString::fromStdString(rule.process));
        if (rule.isPrivate)
            lines += tr("May lead to this machine or its network");
        if (rule.inject)
            lines += tr("Puts in %1").arg(fieldText(rule, RuleField::Secret));
        if (const QString missing = missingOf(rule); !missing.isEmpty())
            lines += tr("There is no secret “%1”: what it is for is refused").arg(missing);
        lines += matchText(rule);
        if (!rule.enabled)
            lines += tr("Switched off");
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::AccessibleTextRole:
        return index.column() == Action
                   ? QVariant(
                         tr("%1, %2").arg(ruleSummary(rule), rule.enabled ? tr("on") : tr("off")))
                   : QVariant();
    case IdRole:
        return QString::fromStdString(rule.id);
    case ActionRole:
        return QString::fromStdString(rule.action);
    case LifeRole:
        return shortLife(rule, now);
    case MissingRole:
        return missingOf(rule);
    case SecretRole:
        return rule.inject.has_value();
    case ActiveRole:
        return rule.enabled && !isOver(rule);
    case DomainRole:
        return rule.host.empty() ? static_cast<int>(rule.cidr.size())
                                 : static_cast<int>(policy::mainDomain(rule.host).size());
    case AddressRole:
        return !rule.cidr.empty();
    default:
        return {};
    }
}

bool RuleModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return false;
    if (role == Qt::CheckStateRole && index.column() == Action) {
        setEnabled(index.row(), value.toInt() == Qt::Checked);
        return true;
    }
    const std::optional<RuleField> field = fieldOf(index.column());
    if (role != Qt::EditRole || !field)
        return false;
    const api::EgressRule before = m_shown.rules[index.row()];
    if (value.toString().trimmed() == fieldText(before, *field))
        return true; // left as it was
    api::EgressRule after = before;
    if (!setField(after, *field, value.toString(), QDateTime::currentDateTimeUtc()).isEmpty())
        return false;
    // What ends at a time does not end with a process any more.
    if (*field == RuleField::Expires) {
        after.lasts.clear();
        after.pid = 0;
    }
    if (!isSameRule(before, after))
        push(replaceRule(tr("Change %1").arg(hostOf(before)), before, after));
    return true;
}

QVariant RuleModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(section == Hits || section == Last
                                       ? Qt::AlignRight | Qt::AlignVCenter
                                       : Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Action:
        return tr("Rule");
    case Host:
        return m_isNarrow ? tr("Host, path and methods") : tr("Host");
    case Methods:
        return tr("Methods");
    case Path:
        return tr("Path");
    case Hits:
        return tr("Hits");
    case Last:
        return tr("Last");
    case Ports:
        return tr("Ports");
    case Process:
        return tr("Program");
    case Private:
        return tr("Private");
    case Expires:
        return tr("Ends");
    case Secret:
        return tr("Secret");
    case Note:
        return tr("Note");
    default:
        return {};
    }
}

void RuleModel::setNarrow(bool isNarrow)
{
    if (std::exchange(m_isNarrow, isNarrow) != isNarrow)
        emit headerDataChanged(Qt::Horizontal, Host, Host);
}

Qt::ItemFlags RuleModel::flags(const QModelIndex& index) const
{
    if (!index.isValid())
        return Qt::ItemIsDropEnabled; // between rows
    Qt::ItemFlags flags =
        Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled | Qt::ItemNeverHasChildren;
    if (index.column() == Action)
        flags |= Qt::ItemIsUserCheckable;
    if (fieldOf(index.column()))
        flags |= Qt::ItemIsEditable;
    return flags;
}

QStringList RuleModel::mimeTypes() const
{
    return {kMimeType};
}

QMimeData* RuleModel::mimeData(const QModelIndexList& indexes) const
{
    if (indexes.isEmpty())
        return nullptr;
    auto* data = new QMimeData;
    data->setData(kMimeType, indexes.first().data(IdRole).toString().toUtf8());
    return data;
}

bool RuleModel::canDropMimeData(const QMimeData* data, Qt::DropAction action, int, int,
                                const QModelIndex&) const
{
    return action == Qt::MoveAction && data->hasFormat(kMimeType) &&
           rowOf(QString::fromUtf8(data->data(kMimeType))) >= 0;
}

bool RuleModel::dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int,
                             const QModelIndex& parent)
{
    if (!canDropMimeData(data, action, row, 0, parent))
        return false;
    const int before = row >= 0 ? row : parent.isValid() ? parent.row() : rowCount();
    move(rowOf(QString::fromUtf8(data->data(kMimeType))), before);
    return true;
}

} // namespace caisson
