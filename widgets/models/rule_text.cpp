// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/rule_text.h"

#include "backend/base/clock.h"
#include "backend/policy/rule_check.h"
#include "widgets/models/reason.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>
#include <QStringList>
#include <algorithm>

namespace caisson {

namespace {

const QString kBasic = QStringLiteral("basic ");
const QString kTimeForm = QStringLiteral("yyyy-MM-dd HH:mm");

QString tr(const char* text)
{
    return QCoreApplication::translate("RuleText", text);
}

QStringList split(const QString& text)
{
    static const QRegularExpression separator(QStringLiteral("[\\s,;]+"));
    return text.split(separator, Qt::SkipEmptyParts);
}

QDateTime expiryOf(const api::EgressRule& rule)
{
    return QDateTime::fromString(QString::fromStdString(rule.expires), Qt::ISODateWithMs);
}

QString secretText(const api::EgressInjection& inject)
{
    if (!inject.header.empty())
        return QString::fromStdString(inject.header + ": " + inject.value);
    return kBasic + QString::fromStdString(inject.user + ':' + inject.password);
}

/// The host of what a person copied from a browser, "https://api.example.com/v1" or without the
/// scheme; empty where it is none.
QString hostOfAddress(const QString& text)
{
    static const QRegularExpression url(
        QStringLiteral(
            "^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?\\[?([^/?#\\]]+?)\\]?(?::\\d+)?(?:[/?#]|$)"),
        QRegularExpression::CaseInsensitiveOption);
    // Not digits alone: those are a block, or an address of version 6.
    static const QRegularExpression bare(
        QStringLiteral("^([^/?#@:]*[^/?#@:\\d.][^/?#@:]*)(?::\\d+)?(?:[/?#].*)?$"));
    const QRegularExpressionMatch match = url.match(text);
    return match.hasMatch() ? match.captured(1) : bare.match(text).captured(1);
}

QString setHost(api::EgressRule& rule, const QString& text)
{
    if (const QString host = hostOfAddress(text); !host.isEmpty() && host != text)
        return tr("Only a host stands here, like %1. Path and ports have fields of their own.")
            .arg(host);
    const bool isBlock = text.contains(QLatin1Char('/'));
    if (isBlock && !policy::Cidr::parse(text.toStdString()))
        return tr("A block of addresses is written like 203.0.113.0/24.");
    if (text.isEmpty())
        return tr("A rule is about a host: a name like *.example.com, or a block of addresses.");
    rule.host = isBlock ? std::string() : text.toStdString();
    rule.cidr = isBlock ? text.toStdString() : std::string();
    return {};
}

QString setMethods(api::EgressRule& rule, const QString& text)
{
    std::vector<std::string> methods;
    for (const QString& word : split(text.toUpper())) {
        if (std::ranges::find(methods, word.toStdString()) == methods.end())
            methods.push_back(word.toStdString());
    }
    rule.methods = std::move(methods);
    return {};
}

QString setPorts(api::EgressRule& rule, const QString& text)
{
    std::vector<std::int64_t> ports;
    for (const QString& word : split(text)) {
        bool isNumber = false;
        const uint port = word.toUInt(&isNumber);
        if (!isNumber || port < 1 || port > 65535)
            return tr("“%1” is no port. Ports are numbers from 1 to 65535.").arg(word);
        if (std::ranges::find(ports, port) == ports.end())
            ports.push_back(port);
    }
    rule.ports = std::move(ports);
    return {};
}

QString setProcess(api::EgressRule& rule, const QString& text)
{
    if (!text.isEmpty() && !text.startsWith(QLatin1Char('/')))
        return tr("A program is named by its whole path inside, like /usr/bin/git.");
    rule.process = text.toStdString();
    return {};
}

QString setExpires(api::EgressRule& rule, const QString& text, const QDateTime& now)
{
    if (text.isEmpty()) {
        rule.expires.clear();
        return {};
    }
    static const QRegularExpression span(QStringLiteral("^(\\d{1,5})\\s*([mhd])$"));
    QDateTime end = QDateTime::fromString(text, kTimeForm);
    if (!end.isValid())
        end = QDateTime::fromString(text, Qt::ISODate);
    if (const auto match = span.match(text); match.hasMatch()) {
        const qint64 unit = match.captured(2) == QLatin1String("m")   ? 60
                            : match.captured(2) == QLatin1String("h") ? 3600
                                                                      : 86400;
        end = now.addSecs(match.captured(1).toLongLong() * unit);
    }
    if (!end.isValid())
        return tr("When it ends is written like 2026-12-01 12:00, or 15m, 2h or 3d from now.");
    if (end <= now)
        return tr("That time is over.");
    rule.expires = end.toUTC().toString(Qt::ISODateWithMs).toStdString();
    return {};
}

QString setSecret(api::EgressRule& rule, const QString& text)
{
    if (text.isEmpty()) {
        rule.inject.reset();
        return {};
    }
    static const QRegularExpression secret(QStringLiteral("\\$\\{secret:[A-Za-z0-9._-]+\\}"));
    static const QRegularExpression header(QStringLiteral("^([A-Za-z0-9-]+):\\s*(.+)$"));
    const QString how = tr("A secret is put in like Authorization: Bearer ${secret:NAME}, or basic "
                           "USER:${secret:NAME}.");
    api::EgressInjection inject;
    if (text.startsWith(kBasic, Qt::CaseInsensitive)) {
        const QString pair = text.sliced(kBasic.size()).trimmed();
        const qsizetype colon = pair.indexOf(QLatin1Char(':'));
        if (colon < 0)
            return how;
        inject.user = pair.first(colon).toStdString();
        inject.password = pair.sliced(colon + 1).toStdString();
    } else if (const auto match = header.match(text); match.hasMatch()) {
        inject.header = match.captured(1).toStdString();
        inject.value = match.captured(2).toStdString();
    }
    // A value typed here would be in the policy, where everybody reads it.
    if (!secret.match(QString::fromStdString(inject.value + inject.password)).hasMatch())
        return how;
    rule.inject = inject;
    return {};
}

QString timeLeft(const QDateTime& end, const QDateTime& now)
{
    const qint64 seconds = now.secsTo(end);
    if (seconds <= 0)
        return tr("over");
    if (seconds < 3600)
        return tr("in %1 min").arg((seconds + 59) / 60);
    if (seconds < 86400)
        return tr("in %1 h").arg(seconds / 3600);
    return QLocale().toString(end.toLocalTime(), QLocale::ShortFormat);
}

QString lifetime(const api::EgressRule& rule, const QDateTime& now)
{
    if (rule.lasts == "session")
        return tr("when the sandbox stops");
    if (rule.lasts == "process")
        return tr("with process %1").arg(rule.pid);
    return rule.expires.empty() ? tr("never") : timeLeft(expiryOf(rule), now);
}

template<class List, class Convert>
QString joined(const List& list, Convert convert)
{
    QStringList words;
    for (const auto& item : list)
        words += convert(item);
    return words.join(QStringLiteral(", "));
}

Result<policy::Rule> toPolicy(const api::EgressRule& rule)
{
    policy::Rule made;
    made.id = rule.id;
    made.enabled = rule.enabled;
    made.host = rule.host;
    if (!rule.cidr.empty())
        made.cidr = policy::Cidr::parse(rule.cidr);
    for (const std::int64_t port : rule.ports)
        made.ports.push_back(static_cast<std::uint16_t>(port));
    made.methods = rule.methods;
    made.path = rule.path;
    made.process = rule.process;
    const std::optional<policy::Action> action = policy::actionFromName(rule.action);
    if (!action)
        return fail(ErrorCode::BadRequest, "there is no action “" + rule.action + "”");
    made.action = *action;
    made.isPrivate = rule.isPrivate;
    if (rule.inject)
        made.inject = policy::Injection{.header = rule.inject->header,
                                        .value = rule.inject->value,
                                        .user = rule.inject->user,
                                        .password = rule.inject->password};
    return made;
}

/// Puts it in the form that is compared. Returns why it is no rule, as a sentence.
QString settle(api::EgressRule& rule)
{
    Result<policy::Rule> checked = toPolicy(rule);
    if (!checked)
        return asSentence(QString::fromStdString(checked.error().message));
    if (const std::optional<policy::RuleFault> fault = policy::checkRule(*checked))
        return asSentence(QString::fromStdString(fault->message));
    rule.host = checked->host;
    rule.methods = checked->methods;
    rule.path = checked->path;
    return {};
}

QString parseField(api::EgressRule& rule, RuleField field, const QString& text,
                   const QDateTime& now)
{
    const QString typed = text.trimmed();
    switch (field) {
    case RuleField::Action:
        rule.action = typed.toStdString();
        return {};
    case RuleField::Host:
        return setHost(rule, typed);
    case RuleField::Methods:
        return setMethods(rule, typed);
    case RuleField::Path:
        rule.path = typed.toStdString();
        return {};
    case RuleField::Ports:
        return setPorts(rule, typed);
    case RuleField::Process:
        return setProcess(rule, typed);
    case RuleField::Private:
        rule.isPrivate = !typed.isEmpty();
        return {};
    case RuleField::Expires:
        return setExpires(rule, typed, now);
    case RuleField::Secret:
        return setSecret(rule, typed);
    case RuleField::Note:
        rule.note = typed.toStdString();
        return {};
    }
    return {};
}

} // namespace

QString fieldText(const api::EgressRule& rule, RuleField field)
{
    switch (field) {
    case RuleField::Action:
        return QString::fromStdString(rule.action);
    case RuleField::Host:
        return QString::fromStdString(rule.host.empty() ? rule.cidr : rule.host);
    case RuleField::Methods:
        return joined(rule.methods,
                      [](const std::string& word) { return QString::fromStdString(word); });
    case RuleField::Path:
        return QString::fromStdString(rule.path);
    case RuleField::Ports:
        return joined(rule.ports, [](std::int64_t port) { return QString::number(port); });
    case RuleField::Process:
        return QString::fromStdString(rule.process);
    case RuleField::Private:
        return rule.isPrivate ? QStringLiteral("yes") : QString();
    case RuleField::Expires:
        return rule.expires.empty() ? QString() : expiryOf(rule).toLocalTime().toString(kTimeForm);
    case RuleField::Secret:
        return rule.inject ? secretText(*rule.inject) : QString();
    case RuleField::Note:
        return QString::fromStdString(rule.note);
    }
    return {};
}

QString shownField(const api::EgressRule& rule, RuleField field, const QDateTime& now)
{
    if (field == RuleField::Expires)
        return lifetime(rule, now);
    if (field == RuleField::Action)
        return actionText(rule.action);
    const QString text = fieldText(rule, field);
    if (!text.isEmpty())
        return text;
    switch (field) {
    case RuleField::Methods:
    case RuleField::Path:
    case RuleField::Process:
        return tr("any");
    case RuleField::Ports:
        return tr("80, 443");
    default:
        return {};
    }
}

QString shortLife(const api::EgressRule& rule, const QDateTime& now)
{
    if (rule.lasts == "session")
        return tr("session");
    if (rule.lasts == "process")
        return tr("process %1").arg(rule.pid);
    if (rule.expires.empty())
        return {};
    const qint64 seconds = now.secsTo(expiryOf(rule));
    if (seconds <= 0)
        return tr("over");
    if (seconds < 3600)
        return tr("%1 min").arg((seconds + 59) / 60);
    if (seconds < 86400)
        return tr("%1 h").arg(seconds / 3600);
    return tr("%1 d").arg(seconds / 86400);
}

QString matchText(const api::EgressRule& rule)
{
    if (rule.hits == 0)
        return tr("Never matched");
    const QString times =
        rule.hits == 1
            ? tr("Matched once")
            : tr("Matched %1 times").arg(QLocale().toString(static_cast<qlonglong>(rule.hits)));
    const QDateTime last =
        QDateTime::fromString(QString::fromStdString(rule.last), Qt::ISODateWithMs);
    return last.isValid() ? tr("%1, the last time on %2")
                                .arg(times, QLocale().toString(last.toLocalTime(),
                                                               QStringLiteral("d MMM yyyy HH:mm")))
                          : times;
}

QString setField(api::EgressRule& rule, RuleField field, const QString& text, const QDateTime& now)
{
    api::EgressRule changed = rule;
    QString problem = parseField(changed, field, text, now);
    if (problem.isEmpty())
        problem = settle(changed);
    if (problem.isEmpty())
        rule = changed;
    return problem;
}

QStringList secretsOf(const api::EgressRule& rule)
{
    static const QRegularExpression secret(QStringLiteral("\\$\\{secret:([^}]*)\\}"));
    QStringList names;
    if (!rule.inject)
        return names;
    const QString text = QString::fromStdString(rule.inject->value + ' ' + rule.inject->user + ' ' +
                                                rule.inject->password);
    for (const QRegularExpressionMatch& match : secret.globalMatch(text)) {
        if (!names.contains(match.captured(1)))
            names += match.captured(1);
    }
    return names;
}

QString ruleProblem(const api::EgressRule& rule)
{
    api::EgressRule checked = rule;
    return settle(checked);
}

QString actionText(const std::string& action)
{
    if (action == "allow")
        return tr("allow");
    if (action == "deny")
        return tr("deny");
    if (action == "ask")
        return tr("ask");
    if (action == "tunnel")
        return tr("tunnel");
    return QString::fromStdString(action);
}

QString ruleSummary(const api::EgressRule& rule)
{
    QString summary = actionText(rule.action) + QLatin1Char(' ');
    if (!rule.methods.empty())
        summary += fieldText(rule, RuleField::Methods) + QLatin1Char(' ');
    summary += fieldText(rule, RuleField::Host);
    if (!rule.ports.empty())
        summary += QLatin1Char(':') + fieldText(rule, RuleField::Ports);
    const QString path = fieldText(rule, RuleField::Path);
    // "/v1/orders?", without a query that is, reads as a question.
    if (path.endsWith(QLatin1Char('?')))
        return tr("%1 without a query").arg(summary + path.chopped(1));
    return summary + path;
}

api::EgressRule toApi(const policy::Rule& rule)
{
    api::EgressRule made;
    made.id = rule.id;
    made.enabled = rule.enabled;
    made.host = rule.host;
    if (rule.cidr)
        made.cidr = rule.cidr->toString();
    made.ports.assign(rule.ports.begin(), rule.ports.end());
    made.methods = rule.methods;
    made.path = rule.path;
    made.process = rule.process;
    made.action = std::string(policy::actionName(rule.action));
    made.isPrivate = rule.isPrivate;
    if (rule.expires)
        made.expires = toRfc3339(*rule.expires);
    if (rule.lasts != policy::Lasts::Always)
        made.lasts = rule.lasts == policy::Lasts::Session ? "session" : "process";
    made.pid = rule.pid;
    if (rule.inject)
        made.inject = api::EgressInjection{.header = rule.inject->header,
                                           .value = rule.inject->value,
                                           .user = rule.inject->user,
                                           .password = rule.inject->password};
    made.note = rule.note;
    return made;
}

} // namespace caisson
