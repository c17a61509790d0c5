// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/sandbox_model.h"

#include <QWidget>

class QAction;
class QHBoxLayout;
class QMenu;
class QToolButton;

namespace caisson {

class ElidedLabel;
class StateLabel;

/// The bar above everything: which sandbox is shown and how it is, and the window's menu.
class TopBar : public QWidget
{
    Q_OBJECT
public:
    /// `model` outlives it. The bar shows `menu` behind `menuAction`.
    TopBar(SandboxModel& model, QMenu* menu, QAction* menuAction, QWidget* parent = nullptr);

    void setSandbox(const QString& id);
    /// Puts a button before the menu's.
    void addTool(QWidget* button);

signals:
    void chosen(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void updateState();
    void updateShared(const api::Sandbox& sandbox);
    void fillSwitcher();

    SandboxModel& m_model;
    QString m_sandbox;
    QHBoxLayout* m_row;
    QToolButton* m_switcher;
    QMenu* m_sandboxes;
    StateLabel* m_state;
    ElidedLabel* m_shared; ///< which folders of this machine are inside
};

} // namespace caisson
