// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "widgets/models/reason.h"
#include "widgets/models/window_state.h"

#include <QHash>
#include <QSet>
#include <QWidget>
#include <functional>
#include <optional>

class QAction;
class QStackedWidget;
class QTabBar;

namespace caisson {

namespace desk {
class Backend;
class SecretKeeper;
} // namespace desk

class Prompter;
class RequestModel;
class RequestsPage;
class RoomScroll;
class RuleModel;
class RulesPage;
class SecretsPage;

/// The right column: what goes out of the sandbox that is shown, and what may. Each sandbox has
/// pages of its own, made when it is first shown, which stay as they were left. A page that needs
/// more height than there is scrolls.
class EgressSide : public QWidget
{
    Q_OBJECT
public:
    /// All of them outlive it. `hide` closes the column.
    EgressSide(desk::Backend& backend, desk::SecretKeeper& secrets, Prompter& prompter,
               QAction* hide, QWidget* parent = nullptr);
    ~EgressSide() override;

    /// Empty: none.
    void showSandbox(const QString& id);
    /// It has begun to run.
    void sandboxStarted(const QString& id);
    void removeSandbox(const QString& id);
    /// The connection is new, or events were lost.
    void refresh();
    /// Sandboxes are told by id, and shown by name.
    void setNaming(std::function<QString(const QString&)> nameOf);

    SideTab tab() const;
    void setTab(SideTab tab);
    void focusTab();
    /// Tables above, details below, in pixels: the same for every sandbox.
    QList<int> requestsSizes() const { return m_requestsSizes; }
    QList<int> rulesSizes() const { return m_rulesSizes; }
    void setSizes(const QList<int>& requests, const QList<int>& rules);
    void stepTab(int step);
    /// Of the sandbox that is shown; null: none is.
    RuleModel* rules() const;
    /// Shows the rules, with this one at the top.
    void addRule(const api::EgressRule& rule);

signals:
    void rulesChanged(); ///< rules() is another
    void startAsked();
    void terminalsAsked(); ///< whichever is shown
    void sideAsked();      ///< it is to be seen, and may be hidden
    void terminalAsked(const QString& sandbox, const QString& terminal);
    void failed(const QString& sandbox, const caisson::Failure& failure);
    void settled(const QString& sandbox, const QString& what);
    void noted(const QString& sentence);
    void changed(); ///< what tab() and the sizes tell

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Pages
    {
        RequestModel* requestModel = nullptr;
        RuleModel* ruleModel = nullptr;
        RequestsPage* requests = nullptr;
        RulesPage* rules = nullptr;
    };
    Pages& ensurePages(const QString& id);
    void updatePage();

    desk::Backend& m_backend;
    Prompter& m_prompter;
    QString m_sandbox;
    QHash<QString, Pages> m_pages;
    std::optional<QSet<QString>> m_secretNames; ///< nothing: not read yet
    QList<int> m_requestsSizes;
    QList<int> m_rulesSizes;
    QTabBar* m_tabs;
    QStackedWidget* m_stack;
    RoomScroll* m_scroll;
    QWidget* m_nothing;
    SecretsPage* m_secrets;
};

} // namespace caisson
