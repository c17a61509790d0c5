// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QAbstractTableModel>
#include <QList>
#include <QTimer>
#include <memory>

namespace caisson {

/// The log of one sandbox's requests, the newest first. Filtered and paged by the service; new ones
/// come by themselves while somebody looks, and what lasts comes while it is open and becomes another
/// when it is over.
class RequestModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Verdict, Method, Url, Program, Status, Time, Columns };
    enum Role {
        IdRole = Qt::UserRole + 1, ///< qint64: the row's
        VerdictRole,               ///< QString: allow | deny | tunnel
        FlagRole,                  ///< QString: pinned, placeholder, masked, open, or empty
        TerminalRole,              ///< QString: its id, or empty
        FailedRole,                ///< bool: it was let pass and got nowhere
    };
    /// More rows than that are not kept: the oldest go, and are read again when somebody scrolls
    /// there.
    static constexpr int kMostRows = 20'000;

    /// `backend` outlives it.
    RequestModel(desk::Backend& backend, QString sandbox, QObject* parent = nullptr);
    ~RequestModel() override;

    const QString& sandbox() const { return m_sandbox; }

    /// Empty: all.
    void setFilter(const QString& text, const QString& verdict);
    const QString& text() const { return m_text; }
    const QString& verdict() const { return m_verdict; }
    bool isFiltered() const { return !m_text.isEmpty() || !m_verdict.isEmpty(); }

    /// Whether somebody looks: follows the log, or leaves it. The first time reads it.
    void setLive(bool isLive);
    /// Reads the first page anew.
    void reload();
    /// Somebody else writes the log now: the sandbox has begun to run.
    void followAnew();
    bool isRead() const { return m_isRead; }
    bool isReading() const { return m_isReading; }
    /// Rows that fit the filter, of which some may not be here yet.
    qint64 total() const { return m_total; }

    const api::EgressEntry& at(int row) const { return m_rows[row]; }
    int rowOf(qint64 id) const; ///< -1: not there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;

signals:
    void read(); ///< a page came
    void failed(const caisson::Error& error);
    void totalChanged();

private:
    desk::EgressQuery query(qint64 before) const;
    void readPage(qint64 before);
    void paged(const api::EgressLog& log, qint64 before);
    void follow();
    void addNew(const QList<api::EgressEntry>& entries);
    bool renew(const api::EgressEntry& entry);
    void prepend(QList<api::EgressEntry> fresh);

    desk::Backend& m_backend;
    QString m_sandbox;
    QString m_text;
    QString m_verdict;
    QList<api::EgressEntry> m_rows;
    std::unique_ptr<desk::EgressLink> m_link;
    qint64 m_total = 0;
    qint64 m_next = 0;     ///< where the following page begins; 0: there is none
    quint64 m_reading = 0; ///< the latest question: answers to those before are not looked at
    bool m_isLive = false;
    bool m_isRead = false;
    bool m_isReading = false;
};

/// "allowed", "denied", "tunnelled", in the window's language.
QString verdictText(const std::string& verdict);
/// Of a request: "allowed, failed" where it was let pass and nobody answered it, "allowed, open" while
/// it goes on.
QString verdictText(const api::EgressEntry& entry);
/// Whether it goes on, as far as is written.
bool isOpen(const api::EgressEntry& entry);
/// Whether it was let pass and got nowhere: no such name, no connection, no answer in time or none
/// that could be carried. What the sandbox was answered is the keeper's own then.
bool isFailed(const api::EgressEntry& entry);
/// What a flag means, as a sentence; empty for none.
QString flagText(const std::string& flag);

} // namespace caisson
