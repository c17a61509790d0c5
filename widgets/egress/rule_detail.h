// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPersistentModelIndex>
#include <QScrollArea>

class QCheckBox;
class QGridLayout;
class QLabel;
class QLineEdit;

namespace caisson {

class RuleModel;

/// What a rule has besides its columns, edited in place like them.
class RuleDetail : public QScrollArea
{
    Q_OBJECT
public:
    /// `model` outlives it.
    explicit RuleDetail(RuleModel& model, QWidget* parent = nullptr);

    /// -1: none.
    void setRow(int row);

private:
    struct Field
    {
        int column;
        QLineEdit* edit;
    };
    void addField(QGridLayout& grid, int column, const QString& name, const QString& hint);
    void fill();
    void check(const Field& field);
    void commit(const Field& field);

    RuleModel& m_model;
    QPersistentModelIndex m_index;
    QList<Field> m_fields;
    QLineEdit* m_expires;
    QCheckBox* m_private;
    QLabel* m_problem;
};

} // namespace caisson
