// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rule_question.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/table.h"
#include "widgets/models/reason.h"
#include "widgets/models/request_text.h"
#include "widgets/models/rule_model.h"

namespace caisson {

RuleQuestion::RuleQuestion(desk::Backend& backend, RuleModel& model, QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_model(model)
    , m_question(new QLineEdit)
    , m_answerIcon(new QLabel)
    , m_answer(new QLabel)
{
    setObjectName(QStringLiteral("rules.explain"));
    m_question->setObjectName(QStringLiteral("rules.question"));
    m_question->setAccessibleName(tr("What would happen to a request"));
    m_question->setPlaceholderText(tr("What would happen to GET https://…"));
    m_question->setClearButtonEnabled(true);
    for (auto* button : m_question->findChildren<QToolButton*>())
        button->setObjectName(QStringLiteral("rules.question.icon"));
    m_answer->setObjectName(QStringLiteral("rules.answer"));
    m_answer->setTextFormat(Qt::PlainText);
    m_answer->setWordWrap(true);
    m_answer->setFont(secondaryFont());
    m_answer->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_answer->hide();
    m_answerIcon->setObjectName(QStringLiteral("rules.answerIcon"));
    m_answerIcon->setFixedWidth(metrics::kIconSize);
    m_answerIcon->setAlignment(Qt::AlignTop | Qt::AlignHCenter);
    m_answerIcon->hide();

    auto* row = new QHBoxLayout;
    row->setContentsMargins(4, 0, 4, 0);
    row->setSpacing(8);
    row->addWidget(m_answerIcon, 0, Qt::AlignTop);
    row->addWidget(m_answer, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(6);
    column->addWidget(m_question);
    column->addLayout(row);

    connect(m_question, &QLineEdit::returnPressed, this, &RuleQuestion::ask);
    connect(m_question, &QLineEdit::textChanged, this, [this] {
        ++m_asked; // an answer under way was about something else
        m_answer->hide();
        m_answerIcon->hide();
    });
}

/// "POST https://…", or an address alone, which is asked for with GET.
void RuleQuestion::ask()
{
    const QString text = m_question->text().simplified();
    if (text.isEmpty())
        return;
    const qsizetype space = text.indexOf(QLatin1Char(' '));
    static const QRegularExpression form(
        QStringLiteral("^(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+ )?[^ ]+$")); // RFC 9110, 5.6.2
    if (!form.match(text).hasMatch()) {
        ++m_asked;
        m_answerIcon->hide();
        m_answer->setText(tr("Ask like this: POST https://api.example.com/v1, or only "
                             "api.example.com, which is asked for with GET."));
        m_answer->show();
        return;
    }
    api::ExplainRequest request;
    request.method =
        (space < 0 ? QStringLiteral("GET") : text.first(space).toUpper()).toStdString();
    QString url = space < 0 ? text : text.sliced(space + 1);
    if (!url.contains(QLatin1String("://")))
        url.prepend(QLatin1String("https://"));
    request.url = url.toStdString();
    const quint64 asked = ++m_asked;
    m_backend.explainEgress(m_model.sandbox(), request)
        .then(this, [this, asked](const Result<api::Explanation>& result) {
            if (asked == m_asked)
                say(result);
        });
}

void RuleQuestion::say(const Result<api::Explanation>& result)
{
    m_answerIcon->setVisible(result.has_value());
    m_answer->show();
    if (!result) {
        m_answer->setText(reason(result.error(), Subject::Other));
        return;
    }
    const QString action = QString::fromStdString(result->verdict);
    m_answerIcon->setPixmap(iconPixmap(actionIcon(action), metrics::kIconSize,
                                       actionColor(action, colorsOf(palette())),
                                       devicePixelRatioF()));
    const QString verdict = asSentence(actionText(result->verdict)).chopped(1);
    const QString why = inTheWindow(shownText(result->why, 400));
    // Most sentences name the rule, or say that none fits.
    const bool isNamed = result->rule == "default" || result->why.contains(result->rule);
    QString sentence = isNamed
                           ? tr("%1: %2").arg(verdict, why)
                           : tr("%1 (rule %2): %3").arg(verdict, shownText(result->rule, 80), why);
    QStringList secrets;
    for (const std::string& name : result->secrets)
        secrets += shownText(name, 80);
    if (!secrets.isEmpty())
        sentence += QLatin1Char(' ') + tr("Puts in: %1.").arg(secrets.join(QStringLiteral(", ")));
    m_answer->setText(sentence);
    if (const int row = m_model.rowOf(QString::fromStdString(result->rule)); row >= 0)
        emit decided(row);
}

} // namespace caisson
