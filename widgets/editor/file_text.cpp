// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/file_text.h"

#include <QStringConverter>

#include <cstring>

namespace caisson {

namespace {

constexpr qsizetype kBinaryProbe = 8000;
constexpr QByteArrayView kByteOrderMark("\xEF\xBB\xBF");

/// QTextDocument turns these into line ends, or keeps them for itself.
bool isUnfaithful(QChar c)
{
    return c == QChar::ParagraphSeparator || c == QChar(0xFDD0) || c == QChar(0xFDD1) ||
           c == QChar::ObjectReplacementCharacter || c.isNull();
}

struct LineEnds
{
    qsizetype lf = 0;
    qsizetype crLf = 0;
    qsizetype cr = 0;
};

LineEnds countLineEnds(QByteArrayView bytes)
{
    LineEnds ends;
    for (qsizetype at = 0; at < bytes.size(); ++at) {
        const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
        const qsizetype lineFeed =
            found ? static_cast<const char*>(found) - bytes.data() : bytes.size();
        const QByteArrayView line = bytes.sliced(at, lineFeed - at);
        if (!found) {
            ends.cr += line.count('\r');
            break;
        }
        if (line.endsWith('\r')) {
            ++ends.crLf;
            ends.cr += line.count('\r') - 1;
        } else {
            ++ends.lf;
            ends.cr += line.count('\r');
        }
        at = lineFeed;
    }
    return ends;
}

} // namespace

bool looksBinary(QByteArrayView bytes)
{
    return bytes.first(qMin(bytes.size(), kBinaryProbe)).contains('\0');
}

qsizetype longestLine(QByteArrayView bytes)
{
    qsizetype longest = 0;
    qsizetype start = 0;
    while (start < bytes.size()) {
        const void* found = std::memchr(bytes.data() + start, '\n', bytes.size() - start);
        const qsizetype end = found ? static_cast<const char*>(found) - bytes.data() : bytes.size();
        longest = qMax(longest, end - start);
        start = end + 1;
    }
    return longest;
}

FileText decodeText(const QByteArray& bytes)
{
    if (looksBinary(bytes))
        return {FileKind::Binary, {}, {}};

    FileText file;
    file.format.hasByteOrderMark = bytes.startsWith(kByteOrderMark);
    QStringDecoder decoder(QStringConverter::Utf8, QStringConverter::Flag::Stateless);
    file.text = decoder(file.format.hasByteOrderMark ? QByteArrayView(bytes).sliced(3)
                                                     : QByteArrayView(bytes));
    const LineEnds ends = countLineEnds(bytes);
    const bool isMixed = ends.cr > 0 || (ends.lf > 0 && ends.crLf > 0);
    file.format.lineEnd = ends.crLf > ends.lf ? LineEnd::CrLf : LineEnd::Lf;
    if (decoder.hasError()) {
        file.kind = FileKind::ForeignText;
        file.format.hasByteOrderMark = false;
        file.text = QString::fromLatin1(bytes);
        file.text.replace(QChar(0), QChar::ReplacementCharacter);
    } else if (std::any_of(file.text.cbegin(), file.text.cend(), isUnfaithful)) {
        file.kind = FileKind::Unfaithful;
    } else if (isMixed) {
        file.kind = FileKind::MixedEnds;
    }
    if (ends.crLf > 0)
        file.text.replace(QStringLiteral("\r\n"), QStringLiteral("\n"));
    if (ends.cr > 0)
        file.text.replace(u'\r', u'\n');
    return file;
}

/// Piece by piece: the whole text in between would be twice the file's memory again, and fresh
/// memory costs every thread of a process.
QByteArray TextSnapshot::bytes() const
{
    QByteArray bytes;
    bytes.reserve(text.size() + text.size() / 16);
    if (format.hasByteOrderMark)
        bytes += kByteOrderMark;
    // It remembers the first half of a surrogate pair from piece to piece.
    QStringEncoder encoder(QStringConverter::Utf8);
    for (const QString& piece : text.pieces()) {
        QByteArray encoded = encoder(piece);
        if (format.lineEnd == LineEnd::CrLf)
            encoded.replace("\n", "\r\n");
        bytes += encoded;
    }
    return bytes;
}

} // namespace caisson
