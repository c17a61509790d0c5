// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/prompt_panel.h"

#include "backend/policy/answer.h"
#include "backend/policy/host_name.h"
#include "backend/policy/path.h"

#include <array>

#include <QComboBox>
#include <QDateTime>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalBlocker>

#include "widgets/common/fonts.h"
#include "widgets/common/mnemonics.h"
#include "widgets/egress/command_label.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/request_text.h"
#include "widgets/models/rule_text.h"

namespace caisson {

namespace {

constexpr qsizetype kLongestCommand = 600;
constexpr qsizetype kLongestName = 28;
constexpr int kTitleWidth = 72;
/// The three choices stand beside each other in the narrowest window.
constexpr int kWidestChoice = 230;
constexpr int kLowestInfo = 48;
constexpr int kLeft = 36;
constexpr int kRight = 12;

QLabel* makeLabel(const QString& name)
{
    auto* label = new QLabel;
    label->setObjectName(QStringLiteral("prompt.") + name);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setWordWrap(true);
    return label;
}

QComboBox* makeChoice(const QString& name, const QString& what)
{
    auto* choice = new QComboBox;
    choice->setObjectName(QStringLiteral("prompt.") + name);
    choice->setAccessibleName(what);
    choice->setToolTip(what);
    // A click must not take the focus away from where the person works.
    choice->setFocusPolicy(Qt::TabFocus);
    choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    return choice;
}

/// The query is in the URL alone.
std::string targetOf(const api::Prompt& prompt)
{
    const std::size_t query = prompt.url.find('?');
    return prompt.path + (query == std::string::npos ? std::string() : prompt.url.substr(query));
}

/// `text` put into `phrase` loses its middle where the whole is too wide for a choice.
QString choiceText(const QComboBox& choice, const QString& phrase, const std::string& text)
{
    const QFontMetrics metrics(choice.font());
    const int room = kWidestChoice - metrics.horizontalAdvance(phrase.arg(QString()));
    return phrase.arg(metrics.elidedText(shownText(text, 400), Qt::ElideMiddle, room));
}

policy::Protocol protocolOf(const api::Prompt& prompt)
{
    if (prompt.scheme == "https")
        return policy::Protocol::Https;
    if (prompt.scheme == "http")
        return policy::Protocol::Http;
    return prompt.scheme == "tls" ? policy::Protocol::Tls : policy::Protocol::Tcp;
}

QString placeOf(const api::Prompt& prompt, const QString& terminalTitle)
{
    if (prompt.terminal.empty())
        return prompt.exec.empty()
                   ? PromptPanel::tr("no terminal")
                   : PromptPanel::tr("exec %1, no terminal").arg(shownText(prompt.exec, 20));
    return terminalTitle.isEmpty()
               ? PromptPanel::tr("a terminal")
               : PromptPanel::tr("the terminal %1").arg(quotedName(terminalTitle, 40));
}

int wantedHeightOf(const QWidget& part, int width)
{
    return part.layout()->hasHeightForWidth() ? part.layout()->totalHeightForWidth(width)
                                              : part.sizeHint().height();
}

constexpr std::array kDurations{"once", "process", "15m", "session", "always"};

QString allowTextFor(const QString& duration)
{
    if (duration == QLatin1String("process"))
        return PromptPanel::tr("Allow until it ends");
    if (duration == QLatin1String("15m"))
        return PromptPanel::tr("Allow for 15 min");
    if (duration == QLatin1String("session"))
        return PromptPanel::tr("Allow until it stops");
    return duration == QLatin1String("always") ? PromptPanel::tr("Allow always")
                                               : PromptPanel::tr("Allow once");
}

QString denyTextFor(const QString& duration)
{
    if (duration == QLatin1String("process"))
        return PromptPanel::tr("Deny until it ends");
    if (duration == QLatin1String("15m"))
        return PromptPanel::tr("Deny for 15 min");
    if (duration == QLatin1String("session"))
        return PromptPanel::tr("Deny until it stops");
    return duration == QLatin1String("always") ? PromptPanel::tr("Deny always")
                                               : PromptPanel::tr("Deny");
}

} // namespace

PromptPanel::PromptPanel(QWidget* parent)
    : QWidget(parent)
    , m_scroll(new QScrollArea)
    , m_grid(new QGridLayout)
    , m_answer(nullptr)
    , m_url(new UrlLabel)
    , m_method(makeLabel(QStringLiteral("method")))
    , m_inner(makeLabel(QStringLiteral("inner")))
    , m_chain(makeLabel(QStringLiteral("program")))
    , m_command(new CommandLabel)
    , m_terminal(makeLabel(QStringLiteral("terminal")))
    , m_jump(new QPushButton(tr("S&how terminal")))
    , m_waits(makeLabel(QStringLiteral("waits")))
    , m_denyAll(new QPushButton)
    , m_duration(makeChoice(QStringLiteral("duration"), tr("How long the answer counts")))
    , m_scope(makeChoice(QStringLiteral("scope"), tr("How far the answer reaches")))
    , m_methods(makeChoice(QStringLiteral("methods"), tr("Which methods the answer is about")))
    , m_meaning(makeLabel(QStringLiteral("meaning")))
{
    setObjectName(QStringLiteral("prompt.panel"));
    m_url->setObjectName(QStringLiteral("prompt.url"));
    m_jump->setObjectName(QStringLiteral("prompt.jump"));
    m_jump->setFocusPolicy(Qt::TabFocus);
    m_jump->setAutoDefault(true);
    m_method->setWordWrap(false);
    m_method->setFont(headingFont());
    m_terminal->setWordWrap(false);
    m_command->setObjectName(QStringLiteral("prompt.command"));
    m_command->setFont(monoFont());
    m_meaning->setForegroundRole(QPalette::PlaceholderText);

    m_scroll->setObjectName(QStringLiteral("prompt.info"));
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setMinimumHeight(kLowestInfo);
    m_scroll->viewport()->setAutoFillBackground(false); // the strip's shows
    m_scroll->setWidget(makeInfo());
    m_scroll->widget()->setAutoFillBackground(false);
    m_answer = makeAnswer();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_scroll, 1);
    column->addWidget(m_answer);

    connect(m_jump, &QPushButton::clicked, this, &PromptPanel::terminalAsked);
    connect(m_denyAll, &QPushButton::clicked, this, &PromptPanel::denyAllAsked);
    for (QComboBox* choice : {m_duration, m_scope, m_methods})
        connect(choice, &QComboBox::currentIndexChanged, this, &PromptPanel::updateMeaning);
}

/// Few rows, and the same ones for every prompt: all of them are seen in the smallest window, and
/// the panel is as high for the next one.
QWidget* PromptPanel::makeInfo()
{
    const auto makeRow = [](const char* name, int gap) {
        auto* line = new QWidget;
        line->setObjectName(QStringLiteral("prompt.") + QLatin1String(name));
        auto* row = new QHBoxLayout(line);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(gap);
        return row;
    };
    QHBoxLayout* request = makeRow("requestRow", 8);
    request->addWidget(m_method);
    request->addWidget(m_url, 1);
    request->addWidget(m_inner);
    m_inner->setWordWrap(false);
    m_inner->setFont(headingFont());
    m_inner->setText(tr("on this machine or its network"));
    QHBoxLayout* program = makeRow("programRow", 12);
    program->addWidget(m_chain, 1, Qt::AlignTop);
    program->addWidget(m_waits, 0, Qt::AlignTop);
    m_waits->setWordWrap(false);
    m_waits->setForegroundRole(QPalette::PlaceholderText);
    QHBoxLayout* place = makeRow("placeRow", 12);
    place->addWidget(m_terminal);
    place->addWidget(m_jump);
    place->addStretch();
    place->addWidget(m_denyAll);
    m_denyAll->setObjectName(QStringLiteral("prompt.denyAll"));
    m_denyAll->setFocusPolicy(Qt::TabFocus);
    m_denyAll->setAutoDefault(true);
    m_denyAll->setToolTip(tr("This once; nothing is remembered"));
    m_denyAll->hide();
    place->parentWidget()->setMinimumHeight(m_jump->sizeHint().height());
    m_grid->setContentsMargins(kLeft, 10, kRight, 2);
    m_grid->setHorizontalSpacing(12);
    m_grid->setVerticalSpacing(6);
    m_grid->setColumnMinimumWidth(0, kTitleWidth);
    m_grid->setColumnStretch(1, 1);
    addRow(tr("Request"), request->parentWidget());
    addRow(tr("Program"), program->parentWidget());
    addRow(tr("Command"), m_command);
    addRow(tr("From"), place->parentWidget());
    auto* info = new QWidget;
    info->setObjectName(QStringLiteral("prompt.infoBody"));
    info->setLayout(m_grid);
    return info;
}

QWidget* PromptPanel::makeAnswer()
{
    auto* answer = new QWidget;
    answer->setObjectName(QStringLiteral("prompt.answerRow"));
    auto* answerRow = new QHBoxLayout(answer);
    answerRow->setContentsMargins(0, 0, 0, 0);
    answerRow->setSpacing(8);
    for (QComboBox* choice : {m_duration, m_scope, m_methods})
        answerRow->addWidget(choice);
    answerRow->addStretch();

    auto* title = new QLabel(tr("Answer"));
    title->setObjectName(QStringLiteral("prompt.title"));
    title->setForegroundRole(QPalette::PlaceholderText);
    auto* part = new QWidget;
    part->setObjectName(QStringLiteral("prompt.answerPart"));
    auto* grid = new QGridLayout(part);
    grid->setContentsMargins(kLeft, 4, kRight, 4);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(6);
    grid->setColumnMinimumWidth(0, kTitleWidth);
    grid->setColumnStretch(1, 1);
    grid->addWidget(title, 0, 0, Qt::AlignLeft | Qt::AlignVCenter);
    grid->addWidget(answer, 0, 1);
    grid->addWidget(m_meaning, 1, 1);
    return part;
}

int PromptPanel::wantedHeight(int width) const
{
    return wantedHeightOf(*m_scroll->widget(), width) + wantedHeightOf(*m_answer, width);
}

int PromptPanel::leastHeight(int width) const
{
    return kLowestInfo + wantedHeightOf(*m_answer, width);
}

void PromptPanel::addRow(const QString& title, QWidget* field)
{
    const int row = m_grid->rowCount();
    auto* label = new QLabel(title);
    label->setObjectName(QStringLiteral("prompt.title"));
    label->setForegroundRole(QPalette::PlaceholderText);
    // Beside what has a button in its middle, beside a text that may wrap at its first line.
    const bool hasButton = field->findChild<QPushButton*>();
    m_grid->addWidget(label, row, 0, Qt::AlignLeft | (hasButton ? Qt::AlignVCenter : Qt::AlignTop));
    m_grid->addWidget(field, row, 1);
}

void PromptPanel::setPrompt(const QString& sandbox, const api::Prompt& prompt,
                            const QString& sandboxName, const QString& terminalTitle)
{
    const QString key = sandbox + QLatin1Char('/') + QString::fromStdString(prompt.id);
    const bool isAnother = std::exchange(m_key, key) != key;
    m_prompt = prompt;
    m_method->setText(shownText(prompt.method, 20));
    m_method->setVisible(!prompt.method.empty());
    UrlParts url = urlParts(prompt);
    if (prompt.scheme == "https") // here is the room to say it
        url.before.prepend(QStringLiteral("https://"));
    m_url->setUrl(url);
    m_inner->setVisible(prompt.isPrivate);
    const QString chain = processChain(prompt.process);
    m_chain->setText(chain.isEmpty()
                         ? tr("not known")
                         : tr("%1, process %2").arg(chain, QString::number(prompt.process.pid)));
    const QString command = shownText(prompt.process.cmdline, kLongestCommand);
    m_command->setText(command.isEmpty() ? tr("not known") : command);
    m_sandboxName = shownText(sandboxName, kLongestName);
    m_jump->setVisible(!prompt.terminal.empty());
    const QString place = placeOf(prompt, terminalTitle);
    m_terminal->setText(m_sandboxName.isEmpty() ? place : tr("“%1”, %2").arg(m_sandboxName, place));
    const QDateTime since =
        QDateTime::fromString(QString::fromStdString(prompt.since), Qt::ISODateWithMs)
            .toLocalTime();
    const QString time = since.toString(QStringLiteral("HH:mm:ss"));
    // "Deny all" counts what can be answered, which is not how often it was asked.
    m_waits->setText(
        prompt.count == 0 ? tr("nobody waits any more")
        : prompt.count == 1
            ? tr("waits since %1").arg(time)
            : tr("waits since %1, asked %2 times")
                  .arg(time, QLocale().toString(static_cast<qlonglong>(prompt.count))));
    for (QWidget* part : std::initializer_list<QWidget*>{m_method, m_url})
        part->setEnabled(prompt.count > 0);
    if (isAnother)
        fillChoices();
    updateMeaning();
}

void PromptPanel::setWaiting(int count, int inAll)
{
    const QString number = QLocale().toString(count);
    m_denyAll->setText(count == inAll ? tr("Deny all %1").arg(number)
                       : m_sandboxName.isEmpty()
                           ? tr("Deny all %1 here").arg(number)
                           : tr("Deny all %1 of “%2”").arg(number, escapeMnemonics(m_sandboxName)));
    m_denyAll->setVisible(count > 1);
}

void PromptPanel::fillChoices()
{
    const QSignalBlocker quietDuration(m_duration);
    const QSignalBlocker quietScope(m_scope);
    const QSignalBlocker quietMethods(m_methods);
    const std::string& path = m_prompt.path;
    const QString method = shownText(m_prompt.method, 20);
    const bool isHttp = !m_prompt.method.empty();

    m_duration->clear();
    m_duration->addItem(tr("once"), QStringLiteral("once"));
    if (m_prompt.process.pid > 0)
        m_duration->addItem(tr("until the process ends"), QStringLiteral("process"));
    m_duration->addItem(tr("for 15 minutes"), QStringLiteral("15m"));
    m_duration->addItem(tr("until the sandbox stops"), QStringLiteral("session"));
    m_duration->addItem(tr("always"), QStringLiteral("always"));

    m_scope->clear();
    const auto addScope = [this](const QString& phrase, const std::string& text,
                                 const char* scope) {
        m_scope->addItem(choiceText(*m_scope, phrase, text), QString::fromLatin1(scope));
    };
    if (isHttp) {
        addScope(tr("this request: %1"), targetOf(m_prompt), "request");
        addScope(tr("this path: %1"), path + (path.ends_with('/') ? "**" : "/**"), "path");
    }
    addScope(tr("this host: %1"), m_prompt.host, "host");
    // An address is in no domain, and a public suffix is nobody's.
    if (!policy::Address::parse(m_prompt.host) && !policy::isPublicSuffix(m_prompt.host))
        addScope(tr("this domain: %1"), "**." + std::string(policy::mainDomain(m_prompt.host)),
                 "domain");
    m_scope->setCurrentIndex(m_scope->findData(QStringLiteral("host")));

    m_methods->clear();
    m_methods->setVisible(isHttp);
    if (isHttp) {
        m_methods->addItem(tr("only %1").arg(method), QStringList{method});
        m_methods->addItem(tr("any method"), QStringList());
        const QStringList reading{QStringLiteral("GET"), QStringLiteral("HEAD")};
        m_methods->addItem(tr("GET and HEAD"), reading);
    }
}

bool PromptPanel::isOnce() const
{
    return m_duration->currentData().toString() == QLatin1String("once");
}

QString PromptPanel::allowText() const
{
    return allowTextFor(m_duration->currentData().toString());
}

QString PromptPanel::denyText() const
{
    return denyTextFor(m_duration->currentData().toString());
}

QStringList PromptPanel::allowTexts()
{
    QStringList texts;
    for (const char* duration : kDurations)
        texts += allowTextFor(QLatin1String(duration));
    return texts;
}

QStringList PromptPanel::denyTexts()
{
    QStringList texts;
    for (const char* duration : kDurations)
        texts += denyTextFor(QLatin1String(duration));
    return texts;
}

api::AnswerPrompt PromptPanel::answer() const
{
    api::AnswerPrompt answer;
    answer.scope = m_scope->currentData().toString().toStdString();
    answer.duration = m_duration->currentData().toString().toStdString();
    if (!isOnce()) {
        for (const QString& method : m_methods->currentData().toStringList())
            answer.methods.push_back(method.toStdString());
    }
    return answer;
}

QString PromptPanel::meaningOf(const std::string& verdict) const
{
    const api::AnswerPrompt chosen = answer();
    const Result<std::string> target = policy::normalisedTarget(targetOf(m_prompt));
    policy::Request request;
    request.protocol = protocolOf(m_prompt);
    request.host = m_prompt.host;
    request.port = static_cast<std::uint16_t>(m_prompt.port);
    request.method = m_prompt.method;
    request.target = target ? std::string_view(*target) : std::string_view();
    request.process = m_prompt.process.exe;
    request.pid = m_prompt.process.pid;
    const std::optional<policy::Scope> scope = policy::scopeFromName(chosen.scope);
    const std::optional<policy::Duration> duration = policy::durationFromName(chosen.duration);
    if (!scope || !duration)
        return {};
    const std::optional<policy::Rule> rule = policy::ruleOfAnswer(
        request, verdict == "allow" ? policy::Action::Allow : policy::Action::Deny, *scope,
        *duration, chosen.methods, std::chrono::system_clock::now());
    return rule ? ruleSummary(toApi(*rule)) : QString();
}

void PromptPanel::updateMeaning()
{
    m_scope->setEnabled(!isOnce());
    m_methods->setEnabled(!isOnce());
    if (isOnce())
        m_meaning->setText(tr("Counts for what waits now. Nothing is remembered."));
    else
        m_meaning->setText(
            tr("Becomes a rule, %1: %2")
                .arg(m_duration->currentText(),
                     shownText(meaningOf("allow"), 200)
                         .replace(actionText("allow") + QLatin1Char(' '), QString())));
    emit chosen();
}

void PromptPanel::focusFirst()
{
    m_duration->setFocus(Qt::ShortcutFocusReason);
}

} // namespace caisson
