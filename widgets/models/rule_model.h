// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/rule_table.h"
#include "widgets/models/rule_text.h"

#include <QAbstractTableModel>
#include <QDateTime>
#include <QSet>
#include <QUndoStack>
#include <optional>

namespace caisson {

/// The rules of one sandbox as a table that is edited in place. What the person does is shown at
/// once, sent with the generation it was done to, and taken back, with the reason, where it is
/// refused. A change elsewhere meanwhile is no refusal as long as it left the same rules alone.
class RuleModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column {
        Action,
        Host,
        Methods,
        Path,
        Hits,
        Last,
        Ports,
        Process,
        Private,
        Expires,
        Secret,
        Note,
        Columns
    };
    enum Role {
        IdRole = Qt::UserRole + 1, ///< QString
        ActionRole,                ///< QString: allow | deny | ask | tunnel
        ActiveRole,                ///< bool: enabled and not over, and no draft
        DomainRole,                ///< int: how much of a host's end somebody had to register
        AddressRole,               ///< bool: about an address or a block of them, not a host
        LifeRole,                  ///< QString: "14 min"; empty: for ever
        SecretRole,                ///< bool: it puts one in
        MissingRole,               ///< QString: the name of one that is not stored; empty: none
        DraftRole,                 ///< bool: it is none yet
    };

    /// `backend` outlives it.
    RuleModel(desk::Backend& backend, QString sandbox, QObject* parent = nullptr);

    const QString& sandbox() const { return m_sandbox; }
    /// Reads the table anew, e.g. for how often its rules matched. What is under way comes first.
    void refresh();
    bool isRead() const { return m_isRead; }
    bool isChanging() const { return !m_queue.isEmpty(); }
    const RuleTable& table() const { return m_shown; }
    qint64 generation() const { return m_generation; }
    /// The policy in force as a policy file.
    QString toml() const { return m_toml; }
    QUndoStack* undoStack() { return &m_undo; }

    const api::EgressRule& at(int row) const { return m_shown.rules[row]; }
    int rowOf(const QString& id) const;

    /// Why a field cannot be that, as a sentence; empty when it can.
    QString problem(int row, int column, const QString& text) const;

    /// Before the row `before`; rowCount(): at the end. Returns its id.
    QString add(api::EgressRule rule, int before);
    /// A row for a rule that is being made, before the row `before`. It comes into force, and is
    /// something to be undone, when its host is set; until then it is shown and no more. There is
    /// one at a time. Returns its id.
    QString addDraft(api::EgressRule rule, int before);
    void dropDraft();
    /// What is typed in its host, which makes it no rule.
    void keepDraft(const QString& typed);
    bool isDraft(int row) const;
    QModelIndex draft() const; ///< its host; invalid: there is none
    QString draftText() const; ///< as it was kept
    void remove(const QList<int>& rows);
    /// So that it comes before the rule that is at `before` now.
    void move(int row, int before);
    void setEnabled(int row, bool isEnabled);
    void setDefaultAction(const QString& action);
    /// Those that the table has not are added at the end; the default becomes `defaultAction`
    /// unless it is empty.
    void addAll(const QString& what, const QList<api::EgressRule>& rules,
                const QString& defaultAction);
    /// Replaces everything by a policy file. Returns why it cannot be, as a sentence.
    QString importToml(const QByteArray& toml);

    /// The names of those that are stored. A rule that puts in another refuses what it is for.
    void setSecrets(const QSet<QString>& names);
    bool hasSecret(const QString& name) const { return m_secrets && m_secrets->contains(name); }

    /// Whether path and methods stand in the host's column, and its heading says so.
    void setNarrow(bool isNarrow);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    /// False where problem() says why.
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;
    bool canDropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                         const QModelIndex& parent) const override;
    bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                      const QModelIndex& parent) override;

signals:
    void read();
    void readFailed(const caisson::Error& error);
    void defaultChanged();
    void secretsChanged(); ///< what hasSecret() tells
    void changingChanged();
    /// What the person did could not be done, and is taken back: a sentence says what. A step of
    /// undo or redo that the table has no place for any more is forgotten, so that it does not stand
    /// before the others.
    void refused(const QString& what, const caisson::Error& error);

private:
    class Command;
    enum class Step { Push, Undo, Redo };
    struct Waiting
    {
        RuleChange change;
        Command* command; ///< null: the stack has dropped it
        Step step;
        bool isAgain = false; ///< the table had changed elsewhere meanwhile
    };
    struct Draft
    {
        api::EgressRule rule;
        RulePlace place; ///< among those that are rules
        QString typed;
    };

    void push(const RuleEdit& edit);
    void submit(const RuleChange& change, Command* command, Step step);
    void sendNext();
    void answered(const Result<api::EgressPolicy>& result);
    void refuse(const Error& error);
    void unwind(const Waiting& refusedOne);
    void loseStep(const QString& what, const Error& error);
    static QString nameOf(Step step, const RuleChange& change);
    void forget(Command* command);
    RuleTable settled() const;
    RulePlace placeFrom(int before) const;
    std::string idFrom(int row) const;
    void take(const api::EgressPolicy& policy);
    void showQueued();
    void show(const RuleTable& table);
    void updateRow(int row, const api::EgressRule& rule);
    static std::optional<RuleField> fieldOf(int column);
    std::optional<QVariant> draftData(int column, int role) const;
    QString hostOf(const api::EgressRule& rule) const;
    QString missingOf(const api::EgressRule& rule) const;

    desk::Backend& m_backend;
    QString m_sandbox;
    RuleTable m_known; ///< in force, as far as this window knows
    RuleTable m_shown; ///< with what is under way
    qint64 m_generation = 0;
    QString m_toml;
    QList<Waiting> m_queue; ///< the first one is on its way
    std::optional<Draft> m_draft;
    QUndoStack m_undo;
    std::optional<QSet<QString>> m_secrets; ///< nothing: not known yet
    bool m_isQuiet = false;                 ///< the stack is being put right: nothing is sent
    bool m_isRead = false;
    bool m_isShowing = false;
    bool m_isShownAgain = false;
    bool m_isNarrow = false;
    bool m_isReading = false;
    bool m_isReadAgain = false;
};

} // namespace caisson
