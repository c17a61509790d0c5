// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/tour.h"

#include "widgets/egress/prompt_bar.h"
#include "widgets/models/rule_model.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/main_window.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QTabBar>
#include <QTableView>
#include <QTest>
#include <QToolButton>

/// The tour through the airlock: what goes out of a sandbox, and who decides.
namespace caisson::tour {

namespace {

const QString kSecret = QStringLiteral("orders-key-4711");

} // namespace

bool Tour::showSideTab(int tab)
{
    auto* tabs = qobject_cast<QTabBar*>(shown(QStringLiteral("side.tabs")));
    if (!tabs) {
        std::printf("there is no right column\n");
        return false;
    }
    tabs->setCurrentIndex(tab);
    return true;
}

QTableView* Tour::table(const QString& name) const
{
    return qobject_cast<QTableView*>(shown(name));
}

/// A program inside asks for something that no rule is about: it waits, and so does the person's
/// place at the keyboard.
bool Tour::requestWaits()
{
    if (!showSideTab(0) ||
        !enterCommand(QStringLiteral("clear; curl -s -d id=18 %1/v1/orders").arg(m_origin.url())) ||
        !waitFor([this] { return shown(QStringLiteral("prompt")) != nullptr; }, "the prompt"))
        return false;
    const auto* who = qobject_cast<QLabel*>(shown(QStringLiteral("prompt.who")));
    const QWidget* focus = QApplication::focusWidget();
    const bool isInTerminal = focus && focus->objectName().endsWith(QStringLiteral(".display"));
    if (!who || who->text() != QStringLiteral("curl wants to POST") || !isInTerminal) {
        std::printf("the prompt says %s; the focus is %s\n", who ? qPrintable(who->text()) : "-",
                    isInTerminal ? "in the terminal" : "elsewhere");
        return false;
    }
    return waitFor([this] { return shown(QStringLiteral("bar.waiting")) != nullptr; },
                   "the count in the bar");
}

bool Tour::openPrompt()
{
    const auto* bar = m_application->window().findChild<PromptBar*>();
    if (!waitFor([&] { return !bar->isGuarded(); }, "the prompt to take clicks") ||
        !click(QStringLiteral("prompt.more")))
        return false;
    auto* duration = qobject_cast<QComboBox*>(shown(QStringLiteral("prompt.duration")));
    if (!duration)
        return false;
    duration->setCurrentIndex(duration->findData(QStringLiteral("always")));
    const auto* meaning = qobject_cast<QLabel*>(shown(QStringLiteral("prompt.meaning")));
    return meaning && meaning->text().contains(m_origin.host());
}

/// The answer becomes a rule.
bool Tour::answerPrompt()
{
    if (!click(QStringLiteral("prompt.allow")) ||
        !waitFor([this] { return shown(QStringLiteral("prompt")) == nullptr; },
                 "the prompt to be answered") ||
        !showSideTab(1) ||
        !waitFor(
            [this] {
                const QTableView* rules = table(QStringLiteral("rules.table"));
                return rules && rules->model()->rowCount() == 1;
            },
            "the rule it became"))
        return false;
    const QTableView* rules = table(QStringLiteral("rules.table"));
    const QModelIndex host = rules->model()->index(0, RuleModel::Host);
    if (host.data().toString() != m_origin.host() ||
        host.data(RuleModel::ActionRole).toString() != QStringLiteral("allow"))
        return false;
    // The next one does not wait: the rule decides, and counts it.
    return waitFor([this] { return isPromptBack(); }, "the request's end") &&
           enterCommand(QStringLiteral("curl -s -d id=18 %1/v1/orders").arg(m_origin.url())) &&
           waitFor([this] { return isRuleCounted(1) && isPromptBack(); }, "the rule to match");
}

/// How often a rule matched is looked up now and then.
bool Tour::isRuleCounted(qint64 hits) const
{
    const QTableView* rules = table(QStringLiteral("rules.table"));
    return rules && rules->model()->rowCount() == 1 &&
           static_cast<const RuleModel*>(rules->model())->at(0).hits == hits;
}

bool Tour::typeInto(const QString& field, const QString& text) const
{
    QWidget* edit = shown(field);
    if (!edit)
        return false;
    edit->setFocus();
    QTest::keyClicks(edit, text);
    return true;
}

bool Tour::editRule()
{
    QTableView* rules = table(QStringLiteral("rules.table"));
    rules->setCurrentIndex(rules->model()->index(0, RuleModel::Host));
    auto* path = qobject_cast<QLineEdit*>(shown(QStringLiteral("rule.path")));
    if (!path)
        return false;
    path->setFocus();
    QTest::keyClicks(path, QStringLiteral("/v1/**"));
    QTest::keyClick(path, Qt::Key_Return);
    auto* model = static_cast<RuleModel*>(rules->model());
    return waitFor([&] { return !model->isChanging() && model->at(0).path == "/v1/**"; },
                   "the rule to be changed") &&
           enterCommand(
               QStringLiteral("clear; curl -s -d id=18 %1/v1/orders").arg(m_origin.url())) &&
           waitFor(
               [this] {
                   return terminalText().contains(
                              QStringLiteral("order 18 is taken; you are known by nothing")) &&
                          isPromptBack();
               },
               "the origin's answer");
}

/// The value is typed once, outside of the sandbox, and is not shown again.
bool Tour::keepSecret()
{
    return showSideTab(2) && click(QStringLiteral("secrets.empty.action")) &&
           typeInto(QStringLiteral("secrets.name"), QStringLiteral("orders")) &&
           typeInto(QStringLiteral("secrets.value"), kSecret) &&
           click(QStringLiteral("secrets.accept")) &&
           waitFor(
               [this] {
                   const QTableView* secrets = table(QStringLiteral("secrets.table"));
                   return secrets && secrets->model()->rowCount() == 1;
               },
               "the secret to be kept");
}

/// The sandbox never sees the value, not even where the origin says it.
bool Tour::useSecret()
{
    if (!showSideTab(1) || !typeInto(QStringLiteral("rule.secret"),
                                     QStringLiteral("Authorization: Bearer ${secret:orders}")))
        return false;
    QTest::keyClick(shown(QStringLiteral("rule.secret")), Qt::Key_Return);
    auto* model = static_cast<RuleModel*>(table(QStringLiteral("rules.table"))->model());
    if (!waitFor([&] { return !model->isChanging() && model->at(0).inject; },
                 "the rule to put it in") ||
        !enterCommand(QStringLiteral("clear; curl -s -d id=18 %1/v1/orders").arg(m_origin.url())) ||
        !waitFor(
            [this] {
                return terminalText().contains(QStringLiteral("you are known by Bearer")) &&
                       isPromptBack();
            },
            "the origin's answer"))
        return false;
    const QString seen = m_origin.authorizations().last();
    if (seen != QStringLiteral("Bearer ") + kSecret || terminalText().contains(kSecret)) {
        std::printf("the origin saw %s; the terminal shows\n%s\n", qPrintable(seen),
                    qPrintable(terminalText()));
        return false;
    }
    return true;
}

bool Tour::denyTheRest()
{
    auto* policy = qobject_cast<QToolButton*>(shown(QStringLiteral("bar.policy")));
    if (!policy)
        return false;
    emit policy->menu()->aboutToShow();
    auto* deny = policy->menu()->findChild<QAction*>(QStringLiteral("policy.deny"));
    if (!deny)
        return false;
    deny->trigger();
    return waitFor([&] { return policy->text().endsWith(QStringLiteral("deny")); },
                   "the policy in the bar") &&
           showSideTab(0) &&
           enterCommand(QStringLiteral("clear; curl -s http://telemetry.example/collect; echo")) &&
           waitFor(
               [this] {
                   return terminalText().contains(QStringLiteral("\"verdict\"")) && isPromptBack();
               },
               "the refusal in words");
}

/// All of it is in the log: what was denied, what was allowed, and where the secret went.
bool Tour::readLog()
{
    if (!waitFor(
            [this] {
                const QTableView* requests = table(QStringLiteral("requests.table"));
                return requests && requests->model()->rowCount() >= 4;
            },
            "the requests"))
        return false;
    QTableView* requests = table(QStringLiteral("requests.table"));
    if (requests->model()->index(0, 0).data().toString() != QStringLiteral("denied"))
        return false;
    requests->setCurrentIndex(requests->model()->index(1, 0));
    const auto* verdict = qobject_cast<QLabel*>(shown(QStringLiteral("request.verdict")));
    const QWidget* detail = shown(QStringLiteral("request"));
    if (!verdict || !detail || verdict->text() != QStringLiteral("POST, allowed"))
        return false;
    const auto values = detail->findChildren<QLabel*>(QStringLiteral("request.value"));
    return std::ranges::any_of(
        values, [](const QLabel* value) { return value->text() == QStringLiteral("orders"); });
}

} // namespace caisson::tour
