// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/egress_side.h"

#include <QAction>
#include <QHBoxLayout>
#include <QPainter>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/pane.h"
#include "widgets/common/room_scroll.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/requests_page.h"
#include "widgets/egress/rules_page.h"
#include "widgets/egress/secrets_page.h"

namespace caisson {

EgressSide::EgressSide(desk::Backend& backend, desk::SecretKeeper& secrets, Prompter& prompter,
                       QAction* hide, QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_prompter(prompter)
    , m_tabs(new QTabBar)
    , m_stack(new QStackedWidget)
    , m_scroll(new RoomScroll(QStringLiteral("side.scroll"), m_stack))
    , m_nothing(new QWidget)
    , m_secrets(new SecretsPage(backend, secrets, prompter))
{
    setObjectName(QStringLiteral("side"));
    m_tabs->setObjectName(QStringLiteral("side.tabs"));
    m_tabs->setAccessibleName(tr("What goes out"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false); // the line goes on below the button
    m_tabs->setUsesScrollButtons(false);
    m_tabs->addTab(tr("Requests"));
    m_tabs->addTab(tr("Rules"));
    m_tabs->addTab(tr("Secrets"));
    m_stack->setObjectName(QStringLiteral("side.pages"));
    m_stack->addWidget(m_nothing);
    m_stack->addWidget(m_secrets);
    QToolButton* close = makeToolButton(hide, this);
    close->setObjectName(QStringLiteral("side.hide"));

    m_nothing->setObjectName(QStringLiteral("side.nothing"));
    auto* head = new QWidget;
    head->setObjectName(QStringLiteral("side.head"));
    head->setFixedHeight(metrics::kTabHeight);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 6, 0);
    row->setSpacing(4);
    row->addWidget(m_tabs, 1);
    row->addWidget(close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(head);
    column->addWidget(m_scroll, 1);

    connect(m_tabs, &QTabBar::currentChanged, this, [this] {
        updatePage();
        emit changed();
    });
    connect(m_secrets, &SecretsPage::failed, this,
            [this](const Failure& failure) { emit failed({}, failure); });
    connect(m_secrets, &SecretsPage::settled, this,
            [this](const QString& what) { emit settled({}, what); });
    connect(m_secrets, &SecretsPage::noted, this, &EgressSide::noted);
    connect(&secrets, &desk::SecretKeeper::listed, this, [this](const api::SecretList& list) {
        QSet<QString> names;
        for (const api::SecretInfo& secret : list.secrets)
            names += QString::fromStdString(secret.name);
        m_secretNames = names;
        for (const Pages& pages : std::as_const(m_pages))
            pages.ruleModel->setSecrets(names);
    });
}

EgressSide::~EgressSide()
{
    // Pages before the models that they show.
    for (const QString& id : m_pages.keys()) {
        const Pages pages = m_pages.take(id);
        delete pages.requests;
        delete pages.rules;
    }
}

EgressSide::Pages& EgressSide::ensurePages(const QString& id)
{
    Pages& pages = m_pages[id];
    if (pages.rules)
        return pages;
    pages.requestModel = new RequestModel(m_backend, id, this);
    pages.ruleModel = new RuleModel(m_backend, id, this);
    pages.requests = new RequestsPage(m_backend, *pages.requestModel, m_prompter);
    pages.rules = new RulesPage(m_backend, *pages.ruleModel, m_prompter);
    m_stack->addWidget(pages.requests);
    m_stack->addWidget(pages.rules);
    const auto pass = [this, id](auto* page) {
        using Page = std::remove_pointer_t<decltype(page)>;
        connect(page, &Page::failed, this,
                [this, id](const Failure& failure) { emit failed(id, failure); });
        connect(page, &Page::settled, this,
                [this, id](const QString& what) { emit settled(id, what); });
        connect(page, &Page::noted, this, &EgressSide::noted);
        connect(page, &Page::startAsked, this, &EgressSide::startAsked);
    };
    pass(pages.requests);
    pass(pages.rules);
    connect(pages.requests, &RequestsPage::ruleAsked, this, &EgressSide::addRule);
    connect(pages.requests, &RequestsPage::terminalsAsked, this, &EgressSide::terminalsAsked);
    connect(pages.rules, &RulesPage::secretAsked, this, [this](const QString& name) {
        emit sideAsked();
        setTab(SideTab::Secrets);
        m_secrets->addSecret(name);
    });
    connect(pages.requests, &RequestsPage::terminalAsked, this,
            [this, id](const QString& terminal) { emit terminalAsked(id, terminal); });
    pages.requests->setSplitterSizes(m_requestsSizes);
    pages.rules->setSplitterSizes(m_rulesSizes);
    connect(pages.requests, &RequestsPage::changed, this, [this, page = pages.requests] {
        m_requestsSizes = page->splitterSizes();
        emit changed();
    });
    connect(pages.rules, &RulesPage::changed, this, [this, page = pages.rules] {
        m_rulesSizes = page->splitterSizes();
        emit changed();
    });
    if (m_secretNames)
        pages.ruleModel->setSecrets(*m_secretNames);
    pages.ruleModel->refresh(); // the bar tells what it says
    return pages;
}

void EgressSide::showSandbox(const QString& id)
{
    if (id == m_sandbox)
        return;
    m_sandbox = id;
    if (!id.isEmpty())
        ensurePages(id);
    updatePage();
    emit rulesChanged();
}

void EgressSide::sandboxStarted(const QString& id)
{
    const auto found = m_pages.constFind(id);
    if (found == m_pages.constEnd())
        return;
    found->ruleModel->refresh();
    found->requests->retry();
}

void EgressSide::removeSandbox(const QString& id)
{
    if (id == m_sandbox)
        showSandbox({});
    const Pages pages = m_pages.take(id);
    delete pages.requests;
    delete pages.rules;
    delete pages.requestModel;
    delete pages.ruleModel;
}

void EgressSide::refresh()
{
    for (const Pages& pages : std::as_const(m_pages)) {
        pages.ruleModel->refresh();
        pages.requests->retry();
    }
}

void EgressSide::setSizes(const QList<int>& requests, const QList<int>& rules)
{
    m_requestsSizes = requests;
    m_rulesSizes = rules;
}

void EgressSide::setNaming(std::function<QString(const QString&)> nameOf)
{
    m_secrets->setNaming(std::move(nameOf));
}

void EgressSide::updatePage()
{
    const auto pages = m_pages.constFind(m_sandbox);
    if (tab() == SideTab::Secrets)
        m_stack->setCurrentWidget(m_secrets);
    else if (pages == m_pages.constEnd())
        m_stack->setCurrentWidget(m_nothing);
    else if (tab() == SideTab::Requests)
        m_stack->setCurrentWidget(pages->requests);
    else
        m_stack->setCurrentWidget(pages->rules);
    m_scroll->fit();
}

SideTab EgressSide::tab() const
{
    return static_cast<SideTab>(m_tabs->currentIndex());
}

void EgressSide::setTab(SideTab tab)
{
    m_tabs->setCurrentIndex(static_cast<int>(tab));
}

void EgressSide::focusTab()
{
    const auto pages = m_pages.constFind(m_sandbox);
    if (tab() == SideTab::Secrets)
        m_secrets->focusTable();
    else if (pages != m_pages.constEnd() && tab() == SideTab::Requests)
        pages->requests->focusTable();
    else if (pages != m_pages.constEnd())
        pages->rules->focusTable();
    else
        m_tabs->setFocus(Qt::ShortcutFocusReason);
}

void EgressSide::stepTab(int step)
{
    m_tabs->setCurrentIndex((m_tabs->currentIndex() + step + m_tabs->count()) % m_tabs->count());
    focusTab();
}

RuleModel* EgressSide::rules() const
{
    return m_pages.value(m_sandbox).ruleModel;
}

void EgressSide::addRule(const api::EgressRule& rule)
{
    if (m_sandbox.isEmpty())
        return;
    setTab(SideTab::Rules);
    ensurePages(m_sandbox).rules->addRule(rule);
}

void EgressSide::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Window));
    painter.fillRect(QRect(0, metrics::kTabHeight - 1, width(), 1), colorsOf(palette()).hairline);
}

} // namespace caisson
