// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QAbstractTableModel>
#include <QSet>
#include <functional>

namespace caisson {

/// The person's secrets by name, and what used them last. No value is ever here.
class SecretModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Where, When, By, Lasts, Columns };
    enum Role {
        NameRole = Qt::UserRole + 1, ///< QString
    };

    using QAbstractTableModel::QAbstractTableModel;

    void reset(const std::vector<api::SecretInfo>& secrets);
    /// Those that this window keeps in the desktop's keychain.
    void setKept(const QSet<QString>& names);
    /// Sandboxes are told by id, and shown by name; empty: it is gone.
    void setNaming(std::function<QString(const QString&)> nameOf);

    const api::SecretInfo& at(int row) const { return m_secrets[row]; }
    bool has(const QString& name) const { return rowOf(name) >= 0; }
    int rowOf(const QString& name) const; ///< -1: not there
    /// Where it was used last in each sandbox, by which rule and program, and when; the newest first.
    QStringList usesText(int row) const;
    /// Of a sandbox, as it is shown; its id where it has none.
    QString nameOf(const QString& sandbox) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

private:
    QString placeOf(const api::SecretUse& use) const;
    QString lastsText(const api::SecretInfo& secret) const;

    QList<api::SecretInfo> m_secrets; ///< by name
    QSet<QString> m_kept;
    std::function<QString(const QString&)> m_nameOf;
};

/// Why a text is no name of a secret, as a sentence; empty when it is one.
QString secretNameProblem(const QString& name);

} // namespace caisson
