// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rule_detail.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>

#include "widgets/common/fonts.h"
#include "widgets/models/rule_model.h"

namespace caisson {

RuleDetail::RuleDetail(RuleModel& model, QWidget* parent)
    : QScrollArea(parent)
    , m_model(model)
    , m_expires(nullptr)
    , m_private(new QCheckBox(tr("May resolve to a private address")))
    , m_problem(new QLabel)
{
    setObjectName(QStringLiteral("rule"));
    setAccessibleName(tr("The rest of the rule"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Window);
    m_private->setObjectName(QStringLiteral("rule.private"));
    m_private->setToolTip(tr("Of this machine or a local network, which are refused otherwise"));
    m_problem->setObjectName(QStringLiteral("rule.problem"));
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setFont(secondaryFont());
    m_problem->setForegroundRole(QPalette::BrightText);
    m_problem->hide();

    auto* body = new QWidget;
    body->setObjectName(QStringLiteral("rule.body"));
    auto* grid = new QGridLayout(body);
    grid->setContentsMargins(12, 10, 12, 12);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    addField(*grid, RuleModel::Methods, QStringLiteral("methods"), tr("any; GET, HEAD"));
    addField(*grid, RuleModel::Path, QStringLiteral("path"), tr("any; /repos/**"));
    addField(*grid, RuleModel::Ports, QStringLiteral("ports"), tr("80, 443"));
    addField(*grid, RuleModel::Process, QStringLiteral("process"), tr("any"));
    addField(*grid, RuleModel::Expires, QStringLiteral("expires"),
             tr("never; 15m, 2h, 3d or a date"));
    m_expires = m_fields.last().edit;
    addField(*grid, RuleModel::Secret, QStringLiteral("secret"),
             tr("none; Authorization: Bearer ${secret:NAME}"));
    addField(*grid, RuleModel::Note, QStringLiteral("note"), tr("none"));
    grid->addWidget(m_private, grid->rowCount(), 1);
    grid->addWidget(m_problem, grid->rowCount(), 1);
    grid->setRowStretch(grid->rowCount(), 1);
    setWidget(body);

    connect(m_private, &QCheckBox::toggled, this, [this](bool isPrivate) {
        if (m_index.isValid())
            m_model.setData(m_model.index(m_index.row(), RuleModel::Private),
                            isPrivate ? QStringLiteral("yes") : QString());
    });
    connect(&m_model, &RuleModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                if (m_index.isValid() && first.row() <= m_index.row() &&
                    m_index.row() <= last.row() &&
                    last.column() > RuleModel::Last) // not only counted
                    fill();
            });
}

void RuleDetail::addField(QGridLayout& grid, int column, const QString& name, const QString& hint)
{
    const QString title = m_model.headerData(column, Qt::Horizontal).toString();
    auto* edit = new QLineEdit;
    edit->setObjectName(QStringLiteral("rule.") + name);
    edit->setAccessibleName(title);
    edit->setPlaceholderText(hint);
    auto* label = new QLabel(title);
    label->setObjectName(QStringLiteral("rule.%1.label").arg(name));
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setBuddy(edit);
    const int row = grid.rowCount();
    grid.addWidget(label, row, 0);
    grid.addWidget(edit, row, 1);
    const Field field{column, edit};
    m_fields += field;
    connect(edit, &QLineEdit::textEdited, this, [this, field] { check(field); });
    connect(edit, &QLineEdit::editingFinished, this, [this, field] { commit(field); });
}

void RuleDetail::setRow(int row)
{
    m_index = row < 0 ? QPersistentModelIndex() : QPersistentModelIndex(m_model.index(row, 0));
    setVisible(row >= 0);
    for (const Field& field : std::as_const(m_fields))
        field.edit->setModified(false);
    fill();
}

/// What is being typed stays.
void RuleDetail::fill()
{
    if (!m_index.isValid())
        return;
    m_problem->hide();
    for (const Field& field : std::as_const(m_fields)) {
        if (!field.edit->isModified())
            field.edit->setText(
                m_model.index(m_index.row(), field.column).data(Qt::EditRole).toString());
    }
    // A rule that ends with a process or a session has no time to show.
    const QModelIndex ends = m_model.index(m_index.row(), RuleModel::Expires);
    const std::string& lasts = m_model.at(m_index.row()).lasts;
    const bool isBound = lasts == "session" || lasts == "process";
    m_expires->setPlaceholderText(isBound ? ends.data().toString()
                                          : tr("never; 15m, 2h, 3d or a date"));
    const QSignalBlocker quiet(m_private);
    m_private->setChecked(m_model.at(m_index.row()).isPrivate);
}

void RuleDetail::check(const Field& field)
{
    if (!m_index.isValid())
        return;
    const QString problem = m_model.problem(m_index.row(), field.column, field.edit->text());
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    field.edit->setAccessibleDescription(problem);
}

/// What cannot be stays in its field, with the reason below, until it is mended.
void RuleDetail::commit(const Field& field)
{
    if (!m_index.isValid() || !field.edit->isModified())
        return;
    if (m_model.setData(m_model.index(m_index.row(), field.column), field.edit->text())) {
        field.edit->setModified(false);
        fill();
    } else {
        check(field);
    }
}

} // namespace caisson
