// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QPersistentModelIndex>
#include <QScrollArea>
#include <QSet>

#include "backend/api/types.h"

class QCheckBox;
class QGridLayout;
class QLabel;
class QLineEdit;

namespace caisson {

class RuleModel;

/// What a rule has besides its columns, edited in place like them, and how often it matched. A field that holds what cannot be
/// says so right below itself, for as long as it does: what was typed stays with its rule, whichever
/// other is looked at meanwhile, until it is mended or given up with Escape.
class RuleDetail : public QScrollArea
{
    Q_OBJECT
public:
    /// `model` outlives it.
    explicit RuleDetail(RuleModel& model, QWidget* parent = nullptr);

    /// -1: none. While somebody types in a rule that has gone, that is shown first: the next keys
    /// were not meant for another.
    void setRow(int row);
    /// What was typed last was not taken, for want of this secret: it stays in its field, and is tried
    /// again once there is one, if the rule is as it was then. False: it was something else.
    bool keepFor(const QString& secret);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Field
    {
        int column;
        QLineEdit* edit;
        QLabel* problem;
        QString none; ///< what nothing means: "any"
    };
    void addField(QGridLayout& grid, int column, const QString& name, const QString& hint);
    void show(int row);
    void fill();
    void sayState();
    void check(const Field& field);
    void showProblem(const Field& field, const QString& problem);
    void send(int row, int column, const QString& typed);
    void retry();
    QString wantedSecret(const QString& typed) const;
    bool isKept(const Field& field) const;
    void commit(const Field& field);
    void giveUp(const Field& field);
    void loseRule();
    void leaveLost();
    QString text(int column) const;

    RuleModel& m_model;
    QPersistentModelIndex m_index;
    QPersistentModelIndex m_next; ///< to be shown once nobody types in a rule that has gone
    bool m_isLost = false;        ///< that is what is shown
    QHash<QString, QHash<int, QString>> m_wrong; ///< what cannot be, by rule and column
    struct Sent
    {
        QString id;
        int column = 0;
        QString typed;
    };
    Sent m_sent;            ///< the last of them
    QSet<QString> m_wanted; ///< secrets for want of which something was not taken
    QHash<QString, api::EgressRule> m_keptFor; ///< rules as they were when it was, by id
    QList<Field> m_fields;
    QLineEdit* m_expires;
    QCheckBox* m_private;
    QLabel* m_lost;
    QLabel* m_missing; ///< that a secret is not there which it puts in
    QLabel* m_matches; ///< how often it did, and when last
};

} // namespace caisson
