// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_model.h"

#include "backend/policy/host_name.h"
#include "widgets/models/request_text.h"

#include <QLocale>
#include <QMimeData>

/// RuleModel: as a table.
namespace caisson {

namespace {

const QString kMimeType = QStringLiteral("application/x-caisson-rule");

QDateTime timeOf(const std::string& text)
{
    return QDateTime::fromString(QString::fromStdString(text), Qt::ISODateWithMs);
}

bool isOver(const api::EgressRule& rule)
{
    return !rule.expires.empty() && timeOf(rule.expires) <= QDateTime::currentDateTimeUtc();
}

} // namespace

std::optional<RuleField> RuleModel::fieldOf(int column)
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
    if (isDraft(index.row())) {
        if (const std::optional<QVariant> told = draftData(index.column(), role))
            return *told;
    }
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
            lines += tr("Only for %1").arg(shownText(rule.process));
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

/// What a rule that is none yet tells otherwise than one that is.
std::optional<QVariant> RuleModel::draftData(int column, int role) const
{
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        if (column == Host)
            return m_draft->typed;
        return std::nullopt;
    case Qt::CheckStateRole:
        if (column == Action)
            return Qt::Unchecked;
        return std::nullopt;
    case Qt::AccessibleTextRole:
        if (column == Action)
            return tr("%1, no rule yet").arg(m_draft->typed);
        return std::nullopt;
    case Qt::ToolTipRole:
        return tr("No rule yet: it is one when its host is set.");
    case ActiveRole:
        return false;
    case DraftRole:
        return true;
    case DomainRole:
        return static_cast<int>(m_draft->typed.size()); // of half a host nobody knows it
    default:
        return std::nullopt;
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
    if (isDraft(index.row())) {
        const Draft draft = *std::exchange(m_draft, {});
        push(addRules(tr("Add %1").arg(hostOf(after)), {after}, draft.place));
        return true;
    }
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
    if (isDraft(index.row())) // has nothing else before it has a host
        return index.column() == Host ? flags | Qt::ItemIsEditable : flags;
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
