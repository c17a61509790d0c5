// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>

#include "widgets/common/tool_button.h"

class QMenu;

namespace caisson {

class PromptModel;
class RuleModel;

/// "everything else: ask", as in the rules, with a menu that switches it and adds rules that come with Caisson.
class PolicyButton : public ToolButton
{
    Q_OBJECT
public:
    explicit PolicyButton(QWidget* parent = nullptr);

    /// Of the sandbox that is shown; null: none is.
    void setModel(RuleModel* model);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void rulesAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void follow();
    void fill();

    QPointer<RuleModel> m_model;
    QMenu* m_menu;
};

/// How many requests wait for the person, in all sandboxes. Not to be seen while none does.
class WaitingButton : public ToolButton
{
    Q_OBJECT
public:
    /// `model` outlives it.
    explicit WaitingButton(const PromptModel& model, QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void follow();

    const PromptModel& m_model;
};

} // namespace caisson
