// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/secret_detail.h"

#include <QGridLayout>
#include <QLabel>

#include "widgets/common/fonts.h"
#include "widgets/models/request_text.h"
#include "widgets/models/secret_model.h"
#include "widgets/models/secret_users.h"

namespace caisson {

namespace {

constexpr qsizetype kMostLines = 5;

QStringList firstOf(QStringList lines)
{
    if (const qsizetype more = lines.size() - kMostLines; more > 0) {
        lines.resize(kMostLines);
        lines += SecretDetail::tr("%1 more").arg(more);
    }
    return lines;
}

} // namespace

SecretDetail::SecretDetail(const SecretModel& model, const SecretUsers& users, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_users(users)
    , m_rules(new QLabel)
    , m_usesTitle(new QLabel(tr("Last used")))
    , m_uses(new QLabel)
{
    setObjectName(QStringLiteral("secrets.detail"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    auto* line = new QFrame;
    line->setObjectName(QStringLiteral("secrets.line"));
    line->setFrameShape(QFrame::HLine);
    line->setFixedHeight(1);
    auto* rulesTitle = new QLabel(tr("Put in by"));
    rulesTitle->setObjectName(QStringLiteral("secrets.rulesTitle"));
    m_usesTitle->setObjectName(QStringLiteral("secrets.usesTitle"));
    m_rules->setObjectName(QStringLiteral("secrets.rules"));
    m_uses->setObjectName(QStringLiteral("secrets.uses"));
    for (QLabel* title : {rulesTitle, m_usesTitle}) {
        title->setFont(secondaryFont());
        title->setForegroundRole(QPalette::PlaceholderText);
    }
    for (QLabel* list : {m_rules, m_uses}) {
        list->setFont(secondaryFont());
        list->setTextFormat(Qt::PlainText);
        list->setWordWrap(true);
        list->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    auto* grid = new QGridLayout;
    grid->setContentsMargins(12, 10, 12, 12);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    grid->addWidget(rulesTitle, 0, 0, Qt::AlignLeft | Qt::AlignTop);
    grid->addWidget(m_rules, 0, 1);
    grid->addWidget(m_usesTitle, 1, 0, Qt::AlignLeft | Qt::AlignTop);
    grid->addWidget(m_uses, 1, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(line);
    column->addLayout(grid);
}

QStringList SecretDetail::rulesText(const QString& name) const
{
    QStringList lines;
    for (const SecretUser& user : m_users.of(name))
        lines += tr("rule %1 in %2, for %3")
                     .arg(shownText(user.rule, 80), m_model.nameOf(user.sandbox),
                          shownText(user.host, 200));
    return firstOf(lines);
}

void SecretDetail::setSecret(const QString& name)
{
    const int row = m_model.rowOf(name);
    setVisible(row >= 0);
    if (row < 0)
        return;
    const QStringList rules = rulesText(name);
    m_rules->setText(rules.isEmpty() ? tr("no rule") : rules.join(QLatin1Char('\n')));
    const QStringList uses = firstOf(m_model.usesText(row));
    m_usesTitle->setVisible(!uses.isEmpty());
    m_uses->setVisible(!uses.isEmpty());
    m_uses->setText(uses.join(QLatin1Char('\n')));
}

} // namespace caisson
