// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_names.h"

#include <QCoreApplication>
#include <QStringDecoder>

namespace caisson {

namespace {

/// The longest sequence at `at` that is one UTF-8 character, or 0.
qsizetype utf8Length(const QByteArray& bytes, qsizetype at)
{
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const qsizetype length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (length == 0 || at + length > bytes.size())
        return 0;
    return QByteArrayView(bytes.constData() + at, length).isValidUtf8() ? length : 0;
}

bool isDeceptive(char32_t c)
{
    const auto category = QChar::category(c);
    // Format characters hold the direction overrides of "trojan source" (CVE-2021-42574).
    return category == QChar::Other_Control || category == QChar::Other_Format ||
           category == QChar::Separator_Line || category == QChar::Separator_Paragraph ||
           isBlankLetter(c);
}

} // namespace

bool isBlankLetter(char32_t letter)
{
    return letter == 0x115f || letter == 0x1160 || letter == 0x2800 || letter == 0x3164 ||
           letter == 0xffa0;
}

QString displayName(const QByteArray& name)
{
    QString text;
    text.reserve(name.size());
    for (qsizetype at = 0; at < name.size();) {
        const qsizetype length = utf8Length(name, at);
        if (length == 0) {
            text += QStringLiteral("\\x%1").arg(static_cast<unsigned char>(name[at]), 2, 16,
                                                QLatin1Char('0'));
            ++at;
            continue;
        }
        const QString character = QString::fromUtf8(name.constData() + at, length);
        const char32_t point = character.size() == 2
                                   ? QChar::surrogateToUcs4(character[0], character[1])
                                   : character[0].unicode();
        if (!isDeceptive(point))
            text += character;
        else if (point < 0x80)
            text += QStringLiteral("\\x%1").arg(static_cast<uint>(point), 2, 16, QLatin1Char('0'));
        else
            text += QStringLiteral("\\u{%1}").arg(static_cast<uint>(point), 0, 16);
        at += length;
    }
    return text;
}

QByteArray childPath(const QByteArray& folder, const QByteArray& name)
{
    return folder.endsWith('/') ? folder + name : folder + '/' + name;
}

QByteArray parentPath(const QByteArray& path)
{
    const qsizetype slash = path.lastIndexOf('/');
    return slash <= 0 ? QByteArray("/") : path.first(slash);
}

QByteArray lastComponent(const QByteArray& path)
{
    return path.sliced(path.lastIndexOf('/') + 1);
}

bool isWithin(const QByteArray& path, const QByteArray& folder)
{
    if (path == folder || folder == "/")
        return true;
    return path.size() > folder.size() && path.startsWith(folder) && path[folder.size()] == '/';
}

QString fileNameProblem(const QString& name)
{
    const auto tr = [](const char* text) { return QCoreApplication::translate("FileNames", text); };
    if (name.isEmpty())
        return tr("A name is needed.");
    if (name == QLatin1String(".") || name == QLatin1String(".."))
        return tr("“%1” already means a folder.").arg(name);
    if (name.contains(QLatin1Char('/')))
        return tr("A name cannot contain “/”.");
    if (name.contains(QChar::Null))
        return tr("A name cannot contain a NUL character.");
    // NAME_MAX of Linux's file systems, in bytes.
    if (name.toUtf8().size() > 255)
        return tr("The name is longer than 255 bytes.");
    return {};
}

QString naturalKey(QStringView text)
{
    const auto isDigit = [](QChar c) { return c >= u'0' && c <= u'9'; };
    QString key;
    key.reserve(text.size() + 8);
    for (qsizetype at = 0; at < text.size();) {
        if (!isDigit(text[at])) {
            key += text[at++].toCaseFolded();
            continue;
        }
        qsizetype end = at;
        while (end < text.size() && isDigit(text[end]))
            ++end;
        QStringView digits = text.sliced(at, end - at);
        while (digits.size() > 1 && digits.front() == u'0')
            digits = digits.sliced(1);
        // A digit's place among other characters, then how large the number is.
        key += u'0';
        key += QChar(static_cast<char16_t>(digits.size()));
        key += digits;
        at = end;
    }
    return key;
}

bool naturalLess(QStringView one, QStringView other)
{
    return naturalKey(one) < naturalKey(other);
}

} // namespace caisson
