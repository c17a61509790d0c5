// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/request_text.h"

#include "backend/policy/host_name.h"
#include "widgets/models/file_names.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>
#include <algorithm>
#include <cmath>

namespace caisson {

namespace {

constexpr int kMostParents = 8;
/// Vietnamese has two on one letter (in NFD); more are painted over what stands around.
constexpr int kMostMarks = 2;

QString tr(const char* text)
{
    return QCoreApplication::translate("RequestText", text);
}

/// Default_Ignorable_Code_Point (DerivedCoreProperties.txt of Unicode 16) as far as its category does
/// not tell.
bool isUnseen(char32_t character)
{
    return isBlankLetter(character) || character == 0x034f || character == 0x17b4 ||
           character == 0x17b5 || (character >= 0x180b && character <= 0x180f) ||
           (character >= 0xfe00 && character <= 0xfe0f) ||
           (character >= 0xe0000 && character <= 0xe0fff);
}

/// Other_Format holds the marks, embeddings and isolates of Unicode's bidirectional algorithm
/// (UAX #9), and the characters without width.
bool isSafe(char32_t character)
{
    if (isUnseen(character))
        return false;
    switch (QChar::category(character)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_PrivateUse:
    case QChar::Other_NotAssigned:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
    case QChar::Mark_Enclosing: // U+0489 covers its neighbours
        return false;
    case QChar::Separator_Space:
        return character == U' ';
    default:
        return true;
    }
}

/// What nobody takes for a part of the sentence, or for the separator of a chain.
bool isPlainName(const QString& name)
{
    return !name.isEmpty() && std::ranges::all_of(name, [](QChar c) {
        return c.unicode() < 0x80 &&
               (c.isLetterOrNumber() || QLatin1StringView("._+-").contains(c));
    });
}

bool isWrittenFromTheRight(const QString& text)
{
    return std::ranges::any_of(text.toUcs4(), [](char32_t character) {
        const QChar::Direction direction = QChar::direction(character);
        return direction == QChar::DirR || direction == QChar::DirAL || direction == QChar::DirAN;
    });
}

/// What looks like the end of the quotes, or between quotes like the end of a name in a chain.
bool looksLikeAMark(char32_t character)
{
    const QChar::Category category = QChar::category(character);
    return category == QChar::Punctuation_InitialQuote ||
           category == QChar::Punctuation_FinalQuote || character == U'"' || character == U'„' ||
           character == U'″' || character == U'❝' || character == U'❞' || character == U'❯' ||
           character == U'＂' || (character >= 0x301d && character <= 0x301f);
}

QString baseName(const std::string& path)
{
    return QString::fromStdString(path.substr(path.find_last_of('/') + 1));
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

QString shortened(const QString& text, qsizetype longest)
{
    return text.size() > longest
               ? text.first(longest / 2) + QChar(0x2026) + text.last(longest - longest / 2)
               : text;
}

QString shownText(const QString& text, qsizetype longest)
{
    QString shown;
    shown.reserve(qMin(text.size(), longest + 1));
    int marks = kMostMarks; // none has a letter yet
    // A mebibyte of what a program made up is not gone through for two lines of it.
    for (const char32_t character : shortened(text, longest).toUcs4()) {
        const bool isMark = QChar::category(character) == QChar::Mark_NonSpacing;
        marks = isMark ? marks + 1 : 0;
        shown += isSafe(character) && marks <= kMostMarks
                     ? QString::fromUcs4(&character, 1)
                     : QString(QChar(QChar::ReplacementCharacter));
    }
    return shown;
}

QString shownText(const std::string& text, qsizetype longest)
{
    return shownText(QString::fromStdString(text), longest);
}

QString quotedName(const QString& name, qsizetype longest)
{
    QString quoted;
    for (const char32_t character : shownText(name, longest).toUcs4())
        quoted += looksLikeAMark(character) ? QString(QChar(QChar::ReplacementCharacter))
                                            : QString::fromUcs4(&character, 1);
    if (isWrittenFromTheRight(quoted))
        quoted = QChar(0x2068) + quoted + QChar(0x2069); // FIRST STRONG ISOLATE, and its end
    return tr("“%1”").arg(quoted);
}

QString shownName(const QString& name, qsizetype longest)
{
    return isPlainName(name) ? shortened(name, longest) : quotedName(name, longest);
}

QString leftToRight(const QString& text)
{
    return text.isRightToLeft() ? QChar(0x200e) + text : text; // LEFT-TO-RIGHT MARK
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
    QStringList names{shownName(baseName(process.exe))};
    for (const api::ProcessInfo& parent : process.parents) {
        if (names.size() > kMostParents) {
            names.prepend(QStringLiteral("…"));
            break;
        }
        names.prepend(shownName(baseName(parent.exe)));
    }
    return names.join(QStringLiteral(" › "));
}

QString programName(const api::EgressProcess& process, qsizetype longest)
{
    return process.exe.empty() ? tr("a program") : shownName(baseName(process.exe), longest);
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
