// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/window_state.h"
#include "widgets/workbench/window_services.h"

#include <QHash>
#include <QStackedWidget>

class QAction;

namespace caisson {

class SandboxModel;
class SandboxPage;

/// The pages of the sandboxes that were looked at, one of them shown. A page is made when its
/// sandbox is first shown, as it was left the last time, and then stays.
class Workspace : public QStackedWidget
{
    Q_OBJECT
public:
    /// Everything it is given outlives it. `left` is how the sandboxes were left.
    Workspace(const WindowServices& services, SandboxModel& model, QAction* newTerminal,
              QMap<QString, SandboxViewState> left, QWidget* parent = nullptr);

    void show(const QString& sandbox);
    SandboxPage* current() const;
    SandboxPage* find(const QString& sandbox) const { return m_pages.value(sandbox); }
    /// The connection is new, or events were lost.
    void refresh();

    /// The model has every sandbox there is: what is kept of others is forgotten.
    void forgetOthers();
    /// The window is about to be closed: what waits for a moment is done.
    void finish();

    /// How every sandbox is now, those that were not looked at included.
    QMap<QString, SandboxViewState> states() const;

signals:
    void pageMade(caisson::SandboxPage* page);
    void shown();   ///< another page, or the same in another state
    void changed(); ///< what states() tells
    /// Another program has removed a sandbox in which something was not saved; the drafts are still
    /// there. The name is empty where it is not known any more.
    void unsavedLost(const QString& sandbox, const QString& name);

private:
    void follow(int first, int last);
    void forget(int first, int last);
    void forgetDrafts(const api::Sandbox& sandbox);

    WindowServices m_services;
    SandboxModel& m_model;
    QAction* m_newTerminal;
    QMap<QString, SandboxViewState> m_left;
    QHash<QString, SandboxPage*> m_pages;
    QStringList m_lost; ///< those that unsavedLost() told of
};

} // namespace caisson
