// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QAbstractListModel>
#include <QList>
#include <QStringList>

namespace caisson {

/// The terminals of one sandbox, in the order of their tabs.
class TerminalModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        IdRole = Qt::UserRole + 1, ///< QString
        EndedRole,                 ///< bool
        EndTextRole,               ///< QString: how it ended; empty while it runs
    };

    using QAbstractListModel::QAbstractListModel;

    /// Those that are known keep their place; new ones come after, the oldest first.
    void reset(std::vector<api::Terminal> terminals);
    void put(const api::Terminal& terminal);
    void remove(const QString& id);
    void clear();
    /// Its program ended, as its stream says.
    void setEnded(const QString& id, const api::ExitStatus& exit);

    /// The order the person left them in. Those it does not name come after.
    void arrange(const QStringList& ids);
    void move(int from, int to);
    QStringList order() const;

    int rowOf(const QString& id) const; ///< -1: not there
    const api::Terminal& at(int row) const { return m_terminals[row]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QHash<int, QByteArray> roleNames() const override;

private:
    QList<api::Terminal> m_terminals;
};

/// "Ended", "Ended with exit code 2", "Killed by signal 9": no full stop.
QString endText(const api::ExitStatus& exit);

} // namespace caisson
