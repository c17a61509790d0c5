// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/request_detail.h"

#include "backend/policy/address.h"
#include "backend/policy/answer.h"
#include "backend/policy/path.h"

#include <QClipboard>
#include <QDateTime>
#include <QGridLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/common/fonts.h"
#include "widgets/common/menu_place.h"
#include "widgets/common/mnemonics.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/reason.h"
#include "widgets/models/request_model.h"
#include "widgets/models/rule_text.h"

namespace caisson {

namespace {

constexpr qsizetype kLongestText = 1000;

QLabel* makeLabel(const QString& name)
{
    auto* label = new QLabel;
    label->setObjectName(QStringLiteral("request.") + name);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QPushButton* makeButton(const QString& name, const QString& text)
{
    auto* button = new QPushButton(text);
    button->setObjectName(QStringLiteral("request.") + name);
    button->setAutoDefault(true);
    return button;
}

/// Whether the request led, or would have led, to this machine or its network. Of its own addresses
/// only the sentence tells, of a refusal or of an answer, for they may look like any other.
bool isInside(const api::EgressEntry& entry)
{
    for (const std::string& text : {entry.address, entry.host}) {
        if (const auto address = policy::Address::parse(text);
            address && policy::isPrivate(*address))
            return true;
    }
    return entry.why.contains("private address");
}

/// What decided: a rule by its id, or what there is instead of one.
QString ruleText(const std::string& rule)
{
    if (rule == "default")
        return RequestDetail::tr("none fits");
    if (rule.starts_with("prompt:"))
        return RequestDetail::tr("none, a person was asked");
    return shownText(rule, 80);
}

/// The rule that answering this request so would have made.
std::optional<api::EgressRule> ruleOf(const api::EgressEntry& entry, policy::Action action,
                                      policy::Scope scope)
{
    const bool isHttp = !entry.method.empty();
    const Result<std::string> target =
        policy::normalisedTarget(entry.query.empty() ? entry.path : entry.path + '?' + entry.query);
    policy::Request request;
    request.protocol = entry.scheme == "http"    ? policy::Protocol::Http
                       : entry.scheme == "https" ? policy::Protocol::Https
                       : entry.scheme == "tls"   ? policy::Protocol::Tls
                                                 : policy::Protocol::Tcp;
    request.host = entry.host;
    request.port = static_cast<std::uint16_t>(entry.port);
    request.method = entry.method;
    request.target = isHttp && target ? std::string_view(*target) : std::string_view();
    const std::optional<policy::Rule> rule = policy::ruleOfAnswer(
        request, action, scope, policy::Duration::Always, {}, std::chrono::system_clock::now());
    if (!rule)
        return std::nullopt;
    api::EgressRule made = toApi(*rule);
    made.isPrivate = action == policy::Action::Allow && isInside(entry);
    return made;
}

} // namespace

RequestDetail::RequestDetail(QWidget* parent)
    : QScrollArea(parent)
    , m_verdict(makeLabel(QStringLiteral("verdict")))
    , m_url(new UrlLabel)
    , m_why(makeLabel(QStringLiteral("why")))
    , m_flag(makeLabel(QStringLiteral("flag")))
    , m_rows(new QWidget)
    , m_grid(nullptr)
    , m_rule(makeButton(QStringLiteral("rule"), tr("&Make a rule")))
    , m_tunnel(makeButton(QStringLiteral("tunnel"), tr("Make a t&unnel rule")))
    , m_jump(makeButton(QStringLiteral("jump"), tr("Show &terminal")))
    , m_rules(new QMenu(this))
{
    setObjectName(QStringLiteral("request"));
    setAccessibleName(tr("Details of the request"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Window);
    m_url->setObjectName(QStringLiteral("request.url"));
    m_rules->setObjectName(QStringLiteral("request.rules"));
    m_rules->setTitle(m_rule->text());
    m_rule->setMenu(m_rules);
    keepInWindow(*m_rules, *this);
    m_verdict->setFont(headingFont());
    m_why->setForegroundRole(QPalette::PlaceholderText);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    for (QPushButton* button : {m_tunnel, m_rule, m_jump})
        buttons->addWidget(button);
    buttons->addStretch();
    m_rows->setObjectName(QStringLiteral("request.rows"));
    auto* body = new QWidget;
    body->setObjectName(QStringLiteral("request.body"));
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(6);
    column->addWidget(m_verdict);
    column->addWidget(m_url);
    column->addWidget(m_why);
    column->addWidget(m_flag);
    column->addSpacing(2);
    column->addLayout(buttons);
    column->addSpacing(6);
    column->addWidget(m_rows);
    column->addStretch();
    setWidget(body);

    connect(m_rules, &QMenu::aboutToShow, this, &RequestDetail::fillRules);
    connect(m_tunnel, &QPushButton::clicked, this, [this] {
        api::EgressRule rule;
        rule.host = m_entry.host;
        if (m_entry.port != 443)
            rule.ports = {m_entry.port};
        rule.action = "tunnel";
        emit ruleAsked(rule);
    });
    connect(m_jump, &QPushButton::clicked, this,
            [this] { emit terminalAsked(QString::fromStdString(m_entry.terminal)); });
}

void RequestDetail::addRow(const QString& title, const QString& text, bool isMono)
{
    if (text.isEmpty())
        return;
    const int row = m_grid->rowCount();
    auto* label = new QLabel(title);
    label->setObjectName(QStringLiteral("request.title"));
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    QLabel* value = makeLabel(QStringLiteral("value"));
    value->setText(leftToRight(text));
    QFont font = isMono ? monoFont() : secondaryFont();
    font.setPixelSize(12);
    value->setFont(font);
    m_grid->addWidget(label, row, 0, Qt::AlignLeft | Qt::AlignTop);
    m_grid->addWidget(value, row, 1);
}

void RequestDetail::setEntry(const api::EgressEntry& entry)
{
    m_entry = entry;
    const QString method = shownText(entry.method, 20);
    const QString verdict = verdictText(entry);
    m_verdict->setText(method.isEmpty() ? tr("%1, %2").arg(shownText(entry.scheme, 12), verdict)
                                        : tr("%1, %2").arg(method, verdict));
    m_url->setUrl(urlParts(entry));
    m_why->setText(inTheWindow(shownText(entry.why, kLongestText)));
    m_why->setVisible(!entry.why.empty());
    // Of a client that trusts only its own certificates the sentence says the same, and to whom.
    m_flag->setText(flagText(entry.flag));
    m_flag->setVisible(!entry.flag.empty() && (entry.flag != "pinned" || entry.why.empty()));
    m_tunnel->setVisible(entry.flag == "pinned");
    m_rule->setVisible(entry.flag != "pinned");
    m_jump->setVisible(!entry.terminal.empty());

    // A grid remembers rows that it had.
    qDeleteAll(m_rows->findChildren<QLabel*>());
    delete m_rows->layout();
    m_grid = new QGridLayout(m_rows);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(16);
    m_grid->setVerticalSpacing(4);
    m_grid->setColumnStretch(1, 1);
    const QDateTime time =
        QDateTime::fromString(QString::fromStdString(entry.time), Qt::ISODateWithMs).toLocalTime();
    addRow(tr("When"), QLocale().toString(time, QStringLiteral("d MMM yyyy HH:mm:ss")));
    if (entry.ms >= 0.05)
        addRow(tr("Took"), shortTime(entry.ms));
    if (entry.status != 0)
        addRow(tr("Answer"), isFailed(entry) ? tr("%1, by Caisson").arg(entry.status)
                                             : QStringLiteral("%1  %2")
                                                   .arg(QString::number(entry.status),
                                                        shownText(entry.contentType, 80))
                                                   .trimmed());
    addRow(tr("Sent"), shortSize(entry.bytesOut));
    addRow(tr("Received"), shortSize(entry.bytesIn));
    addRow(tr("Program"), processChain(entry.process));
    addRow(tr("Command"), shownText(entry.process.cmdline, kLongestText), true);
    addRow(tr("Rule"), ruleText(entry.rule));
    addRow(tr("Secret"), shownText(entry.secret, 80));
    addRow(tr("Protocol"), shownText(entry.protocol, 20));
    addRow(tr("Dialled"), shownText(entry.address, 80));
    addRow(tr("Query"), shownText(entry.query, kLongestText), true);
}

void RequestDetail::fillMenu(QMenu& menu)
{
    if (m_entry.flag == "pinned")
        connect(menu.addAction(m_tunnel->text()), &QAction::triggered, m_tunnel,
                &QPushButton::click);
    else
        menu.addMenu(m_rules);
    if (!m_entry.terminal.empty())
        connect(menu.addAction(m_jump->text()), &QAction::triggered, m_jump, &QPushButton::click);
    menu.addSeparator();
    const QString address = urlParts(m_entry).whole();
    connect(menu.addAction(tr("&Copy the address")), &QAction::triggered, this,
            [address] { QGuiApplication::clipboard()->setText(address); });
}

void RequestDetail::fillRules()
{
    m_rules->clear();
    const bool isHttp = !m_entry.method.empty();
    const bool wasDenied = m_entry.verdict == "deny";
    QList<api::EgressRule> offered;
    const auto offer = [this, &offered](policy::Action action, policy::Scope scope) {
        const std::optional<api::EgressRule> rule = ruleOf(m_entry, action, scope);
        // What has no domain is offered once.
        if (!rule || !ruleProblem(*rule).isEmpty() || std::ranges::contains(offered, *rule))
            return;
        offered += *rule;
        const QString summary = escapeMnemonics(shownText(ruleSummary(*rule), 90));
        QAction* made = m_rules->addAction(
            rule->isPrivate ? tr("%1 (this machine or its network)").arg(summary) : summary);
        connect(made, &QAction::triggered, this, [this, rule] { emit ruleAsked(*rule); });
    };
    using enum policy::Scope;
    for (const policy::Action action : {wasDenied ? policy::Action::Allow : policy::Action::Deny,
                                        wasDenied ? policy::Action::Deny : policy::Action::Allow}) {
        if (isHttp)
            offer(action, Request);
        offer(action, Host);
        offer(action, Domain);
        m_rules->addSeparator();
    }
}

} // namespace caisson
