// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QAbstractListModel>
#include <QHash>
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

    /// Those that are known keep their place; new ones come after, in the order that is wanted,
    /// and what it does not name behind them, the oldest first.
    void reset(std::vector<api::Terminal> terminals, const QStringList& wanted = {});
    void put(const api::Terminal& terminal);
    void remove(const QString& id);
    void clear();
    /// Its program ended, as its stream says.
    void setEnded(const QString& id, const api::ExitStatus& exit);

    void move(int from, int to);
    QStringList order() const;

    int rowOf(const QString& id) const; ///< -1: not there
    const api::Terminal& at(int row) const { return m_terminals[row]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QHash<int, QByteArray> roleNames() const override;

private:
    struct Name
    {
        QString title;
        int number = 1; ///< among those of its title that run
        bool isEnded = false;
    };
    void name(const api::Terminal& terminal);
    QString nameOf(const api::Terminal& terminal) const;

    QList<api::Terminal> m_terminals;
    QHash<QString, Name> m_names; ///< by id
};

/// "Ended", "Ended with exit code 2", "Killed by signal 9": no full stop.
QString endText(const api::ExitStatus& exit);

} // namespace caisson
