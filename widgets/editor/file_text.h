// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include "widgets/editor/text_pieces.h"

namespace caisson {

enum class LineEnd { Lf, CrLf };

/// What must be kept beside the text so that saving writes back exactly the bytes that were read.
struct FileFormat
{
    LineEnd lineEnd = LineEnd::Lf;
    bool hasByteOrderMark = false;
    bool operator==(const FileFormat&) const = default;
};

enum class FileKind {
    Text,        ///< can be edited; a TextSnapshot of it gives the bytes back
    MixedEnds,   ///< text whose lines end in more than one way: editing needs a decision
    ForeignText, ///< not UTF-8; `text` is the bytes as Latin-1, to read only
    Unfaithful,  ///< UTF-8 with characters that a text document cannot hold; to read only
    Binary,      ///< `text` is empty
};

struct FileText
{
    FileKind kind = FileKind::Text;
    QString text; ///< lines end in \n
    FileFormat format;
};

/// A NUL in the first 8,000 bytes makes a file binary (git's rule, and its figure).
bool looksBinary(QByteArrayView bytes);

/// The longest run of bytes without a line feed.
qsizetype longestLine(QByteArrayView bytes);

FileText decodeText(const QByteArray& bytes);

/// A text as it was at one moment: taken at once, whatever its size.
struct TextSnapshot
{
    TextPieces text;
    FileFormat format;

    /// As the file's bytes. Takes as long as the text is large; for any thread.
    QByteArray bytes() const;
};

} // namespace caisson
