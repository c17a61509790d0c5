// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QWidget>

class QLabel;
class QLineEdit;

namespace caisson {

class RuleModel;

/// A field that is asked what would happen to a request, and the answer below it.
class RuleQuestion : public QWidget
{
    Q_OBJECT
public:
    /// Both outlive it.
    RuleQuestion(desk::Backend& backend, RuleModel& model, QWidget* parent = nullptr);

signals:
    void decided(int row); ///< by the rule in that row

private:
    void ask();
    void say(const Result<api::Explanation>& result);

    desk::Backend& m_backend;
    RuleModel& m_model;
    QLineEdit* m_question;
    QLabel* m_answerIcon;
    QLabel* m_answer;
    quint64 m_asked = 0;
};

} // namespace caisson
