// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QAbstractListModel>
#include <QHash>
#include <QList>

namespace caisson {

/// What this window asked of a sandbox and has no answer to yet.
enum class SandboxTask { None, Starting, Stopping, Renaming, Removing, Copying };

/// The sandboxes of a host, newest first.
class SandboxModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        IdRole = Qt::UserRole + 1, ///< QString
        StateRole,                 ///< int(api::SandboxState)
        StateTextRole,             ///< QString: "running", or what is under way: "starting…"
        WhyRole,                   ///< QString: why it stopped or failed
        CreatedRole,               ///< QDateTime
        BusyRole,                  ///< bool: something is under way
        StaleRole,                 ///< bool: nobody can be asked whether it is still so
        WaitingRole,               ///< int: requests that wait for the person
    };

    using QAbstractListModel::QAbstractListModel;

    void reset(std::vector<api::Sandbox> sandboxes);
    /// Adds it, or replaces what is known of it.
    void put(const api::Sandbox& sandbox);
    void remove(const QString& id);
    /// Whether the host can be asked; while it cannot, what is known is what was.
    void setReachable(bool isReachable);
    void setTask(const QString& id, SandboxTask task);
    void setWaiting(const QString& id, int requests);
    SandboxTask task(const QString& id) const { return m_tasks.value(id, SandboxTask::None); }

    int rowOf(const QString& id) const; ///< -1: not there
    const api::Sandbox* find(const QString& id) const;
    const api::Sandbox& at(int row) const { return m_sandboxes[row]; }
    bool hasName(const QString& name) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    /// A name was typed. The row changes when it is so.
    void renameAsked(const QString& id, const QString& name);
    /// Before any view has chosen another in its place.
    void aboutToRemove(const QString& id);

private:
    QString stateText(const api::Sandbox& sandbox) const;

    QList<api::Sandbox> m_sandboxes;
    QHash<QString, SandboxTask> m_tasks;
    QHash<QString, int> m_waiting;
    bool m_isReachable = true;
};

/// "running", "stopped", … in the window's language.
QString stateText(api::SandboxState state);

} // namespace caisson
