// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/request_text.h"

#include "backend/policy/host_name.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>
#include <cmath>

namespace caisson {

namespace {

constexpr qsizetype kLongestName = 60;
constexpr int kMostParents = 8;

QString tr(const char* text)
{
    return QCoreApplication::translate("RequestText", text);
}

/// Other_Format holds the marks, embeddings and isolates of Unicode's bidirectional algorithm
/// (UAX #9), and the characters without width.
bool isSafe(char32_t character)
{
    switch (QChar::category(character)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_PrivateUse:
    case QChar::Other_NotAssigned:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
        return false;
    default:
        return true;
    }
}

QString baseName(const std::string& path)
{
    return shownText(path.substr(path.find_last_of('/') + 1), kLongestName);
}

bool isUsualPort(const std::string& scheme, std::int64_t port)
{
    return port == (scheme == "http" ? 80 : 443) && scheme != "tcp";
}

/// Three digits at most.
QString shortNumber(double value)
{
    return QLocale().toString(value, 'f', value < 9.95 ? 1 : 0);
}

} // namespace

QString shownText(const QString& text, qsizetype longest)
{
    QString shown;
    shown.reserve(qMin(text.size(), longest + 1));
    // A mebibyte of what a program made up is not gone through for two lines of it.
    const bool isCut = text.size() > longest;
    const QString kept =
        isCut ? text.first(longest / 2) + QChar(0x2026) + text.last(longest - longest / 2) : text;
    for (const char32_t character : kept.toUcs4())
        shown += isSafe(character) ? QString::fromUcs4(&character, 1)
                                   : QString(QChar(QChar::ReplacementCharacter));
    return shown;
}

QString shownText(const std::string& text, qsizetype longest)
{
    return shownText(QString::fromStdString(text), longest);
}

UrlParts urlParts(const std::string& scheme, const std::string& host, std::int64_t port,
                  const std::string& target)
{
    UrlParts parts;
    const std::string domain(policy::mainDomain(host));
    if (scheme != "https" && !scheme.empty())
        parts.before = shownText(scheme) + QStringLiteral("://");
    parts.before += shownText(host.substr(0, host.size() - domain.size()));
    parts.domain = shownText(domain);
    if (domain.contains(':')) // IPv6 (RFC 3986, 3.2.2)
        parts.domain = QLatin1Char('[') + parts.domain + QLatin1Char(']');
    if (!isUsualPort(scheme, port) && port != 0)
        parts.after = QStringLiteral(":%1").arg(port);
    parts.path = shownText(target);
    return parts;
}

UrlParts urlParts(const api::Prompt& prompt)
{
    // The query is in the URL alone.
    const std::size_t query = prompt.url.find('?');
    const std::string target =
        prompt.path + (query == std::string::npos ? std::string() : prompt.url.substr(query));
    return urlParts(prompt.scheme, prompt.host, prompt.port, target);
}

UrlParts urlParts(const api::EgressEntry& entry)
{
    return urlParts(entry.scheme, entry.host, entry.port,
                    entry.query.empty() ? entry.path : entry.path + '?' + entry.query);
}

QString processChain(const api::EgressProcess& process)
{
    if (process.exe.empty())
        return {};
    QStringList names{baseName(process.exe)};
    for (const api::ProcessInfo& parent : process.parents) {
        if (names.size() > kMostParents) {
            names.prepend(QStringLiteral("…"));
            break;
        }
        names.prepend(baseName(parent.exe));
    }
    return names.join(QStringLiteral(" › "));
}

QString programName(const api::EgressProcess& process)
{
    return process.exe.empty() ? tr("a program") : baseName(process.exe);
}

QString shortSize(std::int64_t bytes)
{
    if (bytes < 1000)
        return tr("%1 B").arg(bytes);
    double value = static_cast<double>(bytes) / 1000;
    if (value < 999.5)
        return tr("%1 kB").arg(shortNumber(value));
    value /= 1000;
    if (value < 999.5)
        return tr("%1 MB").arg(shortNumber(value));
    return tr("%1 GB").arg(shortNumber(value / 1000));
}

QString shortTime(double ms)
{
    if (ms < 999.5)
        return tr("%1 ms").arg(shortNumber(ms));
    const double seconds = ms / 1000;
    if (seconds < 99.5)
        return tr("%1 s").arg(shortNumber(seconds));
    return tr("%1 min").arg(shortNumber(seconds / 60));
}

} // namespace caisson
