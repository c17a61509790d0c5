// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/window_state.h"

#include <QHash>
#include <QStackedWidget>

class QAction;

namespace caisson {

class Prompter;
class SandboxModel;
class SandboxPage;
class Syntax;

/// The pages of the sandboxes that were looked at, one of them shown. A page is made when its
/// sandbox is first shown, as it was left the last time, and then stays.
class Workspace : public QStackedWidget
{
    Q_OBJECT
public:
    /// Everything it is given outlives it. `left` is how the sandboxes were left.
    Workspace(desk::Backend& backend, SandboxModel& model, const Syntax& syntax, Prompter& prompter,
              QAction* newTerminal, QMap<QString, SandboxViewState> left,
              QWidget* parent = nullptr);

    void show(const QString& sandbox);
    SandboxPage* current() const;
    SandboxPage* find(const QString& sandbox) const { return m_pages.value(sandbox); }
    /// The connection is new, or events were lost.
    void refresh();

    /// How every sandbox is now, those that were not looked at included.
    QMap<QString, SandboxViewState> states() const;

signals:
    void pageMade(caisson::SandboxPage* page);
    void shown();   ///< another page, or the same in another state
    void changed(); ///< what states() tells

private:
    void follow(int first, int last);
    void forget(int first, int last);

    desk::Backend& m_backend;
    SandboxModel& m_model;
    const Syntax& m_syntax;
    Prompter& m_prompter;
    QAction* m_newTerminal;
    QMap<QString, SandboxViewState> m_left;
    QHash<QString, SandboxPage*> m_pages;
};

} // namespace caisson
