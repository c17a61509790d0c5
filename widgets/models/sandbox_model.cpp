// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/sandbox_model.h"

#include <QDateTime>
#include <QLocale>
#include <algorithm>

namespace caisson {

namespace {

/// Newest first; the id decides between two of one moment, so that the order is always the same.
bool isBefore(const api::Sandbox& one, const api::Sandbox& other)
{
    return std::tie(other.created, one.id) < std::tie(one.created, other.id);
}

QString waitingText(int requests)
{
    return requests == 1 ? SandboxModel::tr("1 request waits for you")
                         : SandboxModel::tr("%1 requests wait for you").arg(requests);
}

} // namespace

QString stateText(api::SandboxState state)
{
    switch (state) {
    case api::SandboxState::Starting:
        return SandboxModel::tr("starting…");
    case api::SandboxState::Running:
        return SandboxModel::tr("running");
    case api::SandboxState::Sleeping:
        return SandboxModel::tr("sleeping");
    case api::SandboxState::Stopped:
        return SandboxModel::tr("stopped");
    case api::SandboxState::Failed:
        return SandboxModel::tr("failed");
    }
    return {};
}

void SandboxModel::reset(std::vector<api::Sandbox> sandboxes)
{
    const QList<api::Sandbox> known = m_sandboxes;
    for (const api::Sandbox& sandbox : known) {
        const bool stays = std::ranges::contains(sandboxes, sandbox.id, &api::Sandbox::id);
        if (!stays)
            remove(QString::fromStdString(sandbox.id));
    }
    for (const api::Sandbox& sandbox : sandboxes)
        put(sandbox);
}

void SandboxModel::put(const api::Sandbox& sandbox)
{
    if (const int row = rowOf(QString::fromStdString(sandbox.id)); row >= 0) {
        if (m_sandboxes[row] == sandbox)
            return;
        m_sandboxes[row] = sandbox;
        emit dataChanged(index(row), index(row));
        return;
    }
    const auto place = std::ranges::lower_bound(m_sandboxes, sandbox, isBefore);
    const auto row = static_cast<int>(place - m_sandboxes.begin());
    beginInsertRows({}, row, row);
    m_sandboxes.insert(row, sandbox);
    endInsertRows();
}

void SandboxModel::remove(const QString& id)
{
    if (const int row = rowOf(id); row >= 0) {
        emit aboutToRemove(id);
        beginRemoveRows({}, row, row);
        m_sandboxes.removeAt(row);
        endRemoveRows();
    }
    m_waiting.remove(id);
    m_tasks.remove(id); // who hears of the removal may ask whose it was
}

void SandboxModel::setReachable(bool isReachable)
{
    if (std::exchange(m_isReachable, isReachable) != isReachable && !m_sandboxes.isEmpty())
        emit dataChanged(index(0), index(rowCount() - 1));
}

void SandboxModel::setTask(const QString& id, SandboxTask task)
{
    if (task == SandboxTask::None)
        m_tasks.remove(id);
    else
        m_tasks[id] = task;
    if (const int row = rowOf(id); row >= 0)
        emit dataChanged(index(row), index(row));
}

void SandboxModel::setWaiting(const QString& id, int requests)
{
    if (m_waiting.value(id) == requests)
        return;
    if (requests == 0)
        m_waiting.remove(id);
    else
        m_waiting[id] = requests;
    if (const int row = rowOf(id); row >= 0)
        emit dataChanged(index(row), index(row));
}

int SandboxModel::rowOf(const QString& id) const
{
    const auto found = std::ranges::find(m_sandboxes, id.toStdString(), &api::Sandbox::id);
    return found == m_sandboxes.end() ? -1 : static_cast<int>(found - m_sandboxes.begin());
}

const api::Sandbox* SandboxModel::find(const QString& id) const
{
    const int row = rowOf(id);
    return row < 0 ? nullptr : &m_sandboxes[row];
}

bool SandboxModel::hasName(const QString& name) const
{
    return std::ranges::contains(m_sandboxes, name.toStdString(), &api::Sandbox::name);
}

int SandboxModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_sandboxes.size());
}

QString SandboxModel::stateText(const api::Sandbox& sandbox) const
{
    switch (task(QString::fromStdString(sandbox.id))) {
    case SandboxTask::Starting:
        return tr("starting…");
    case SandboxTask::Stopping:
        return tr("stopping…");
    case SandboxTask::Removing:
        return tr("removing…");
    case SandboxTask::Copying:
        return tr("copying…");
    case SandboxTask::Renaming:
    case SandboxTask::None:
        break;
    }
    const QString text = caisson::stateText(sandbox.state);
    return m_isReachable ? text : tr("%1 when last seen").arg(text);
}

QVariant SandboxModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const api::Sandbox& sandbox = m_sandboxes[index.row()];
    const QString id = QString::fromStdString(sandbox.id);
    const QString name = QString::fromStdString(sandbox.name);
    const QString why = QString::fromStdString(sandbox.why);
    const QDateTime created =
        QDateTime::fromString(QString::fromStdString(sandbox.created), Qt::ISODateWithMs);
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return name;
    case Qt::ToolTipRole: {
        QString text = tr("%1: %2").arg(name, stateText(sandbox));
        if (const int waiting = m_waiting.value(id); waiting > 0)
            text += QLatin1Char('\n') + waitingText(waiting);
        if (!why.isEmpty())
            text += QStringLiteral("\n") + why;
        for (const std::string& note : sandbox.limits.applied.notes)
            text += QStringLiteral("\n") + QString::fromStdString(note);
        if (created.isValid())
            text += QStringLiteral("\n") +
                    tr("Created %1")
                        .arg(QLocale().toString(created.toLocalTime(), QLocale::ShortFormat));
        return text;
    }
    case Qt::AccessibleTextRole:
        if (const int waiting = m_waiting.value(id); waiting > 0)
            return tr("%1, %2, %3").arg(name, stateText(sandbox), waitingText(waiting));
        return tr("%1, %2").arg(name, stateText(sandbox));
    case IdRole:
        return id;
    case StateRole:
        return static_cast<int>(sandbox.state);
    case StateTextRole:
        return stateText(sandbox);
    case WhyRole:
        return why;
    case CreatedRole:
        return created;
    case BusyRole:
        return task(id) != SandboxTask::None || sandbox.state == api::SandboxState::Starting;
    case StaleRole:
        return !m_isReachable;
    case WaitingRole:
        return m_waiting.value(id);
    default:
        return {};
    }
}

bool SandboxModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || role != Qt::EditRole)
        return false;
    const api::Sandbox& sandbox = m_sandboxes[index.row()];
    const QString name = value.toString().trimmed();
    if (!name.isEmpty() && name.toStdString() != sandbox.name)
        emit renameAsked(QString::fromStdString(sandbox.id), name);
    return true;
}

Qt::ItemFlags SandboxModel::flags(const QModelIndex& index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable | Qt::ItemNeverHasChildren;
}

QHash<int, QByteArray> SandboxModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{IdRole, "id"},
                  {StateRole, "state"},
                  {StateTextRole, "stateText"},
                  {WhyRole, "why"},
                  {CreatedRole, "created"},
                  {BusyRole, "busy"},
                  {StaleRole, "stale"},
                  {WaitingRole, "waiting"}});
    return names;
}

} // namespace caisson
