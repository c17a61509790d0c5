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
           category == QChar::Separator_Line || category == QChar::Separator_Paragraph;
}

} // namespace

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

bool naturalLess(QStringView one, QStringView other)
{
    qsizetype i = 0;
    qsizetype j = 0;
    const auto isDigit = [](QChar c) { return c >= u'0' && c <= u'9'; };
    const auto digitRun = [&](QStringView text, qsizetype from) {
        qsizetype end = from;
        while (end < text.size() && isDigit(text[end]))
            ++end;
        return text.sliced(from, end - from);
    };
    const auto withoutZeros = [](QStringView digits) {
        while (digits.size() > 1 && digits.front() == u'0')
            digits = digits.sliced(1);
        return digits;
    };
    while (i < one.size() && j < other.size()) {
        if (isDigit(one[i]) && isDigit(other[j])) {
            const QStringView a = digitRun(one, i);
            const QStringView b = digitRun(other, j);
            const QStringView x = withoutZeros(a);
            const QStringView y = withoutZeros(b);
            if (x.size() != y.size())
                return x.size() < y.size();
            if (const int order = x.compare(y))
                return order < 0;
            i += a.size();
            j += b.size();
            continue;
        }
        const QChar a = one[i].toCaseFolded();
        const QChar b = other[j].toCaseFolded();
        if (a != b)
            return a < b;
        ++i;
        ++j;
    }
    return one.size() - i < other.size() - j;
}

} // namespace caisson
