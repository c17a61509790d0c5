// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QAbstractListModel>
#include <QDateTime>
#include <QList>

namespace caisson {

/// The requests that wait for the person, of all sandboxes: the oldest first.
class PromptModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        SandboxRole = Qt::UserRole + 1, ///< QString: its id
        PromptRole,                     ///< QString: the prompt's id
        CountRole,                      ///< int: requests that wait; 0: the last has gone
        DeadlineRole,                   ///< QDateTime: then it is denied, that once
        ChainRole,                      ///< QString: "npm › node › curl"
        AnsweringRole,                  ///< bool: this window has answered
    };

    using QAbstractListModel::QAbstractListModel;

    /// All of one sandbox.
    void reset(const QString& sandbox, const std::vector<api::Prompt>& prompts);
    void put(const QString& sandbox, const api::Prompt& prompt);
    void remove(const QString& sandbox, const QString& prompt);
    void removeSandbox(const QString& sandbox);
    void setAnswering(const QString& sandbox, const QString& prompt, bool isAnswering);

    int rowOf(const QString& sandbox, const QString& prompt) const; ///< -1: not there
    const api::Prompt& at(int row) const { return m_rows[row].prompt; }
    const QString& sandboxAt(int row) const { return m_rows[row].sandbox; }
    bool isAnswering(int row) const { return m_rows[row].isAnswering; }

    /// Prompts that somebody waits for.
    int waiting() const;
    int waiting(const QString& sandbox) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    /// What waiting() tells, of that sandbox.
    void waitingChanged(const QString& sandbox);

private:
    struct Row
    {
        QString sandbox;
        api::Prompt prompt;
        QDateTime deadline;
        bool isAnswering = false;
    };

    QList<Row> m_rows;
};

/// "curl wants to POST api.example.com/v1/orders": no full stop.
QString promptSentence(const api::Prompt& prompt);

} // namespace caisson
