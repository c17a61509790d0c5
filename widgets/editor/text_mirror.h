// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "widgets/editor/text_pieces.h"

class QTextDocument;

namespace caisson {

/// Keeps a copy of a document's text that can be handed out at once, whatever its size: the
/// document itself gives its text only as a whole, and 20 MB of it take longer than a frame.
class TextMirror : public QObject
{
    Q_OBJECT

public:
    /// `document` outlives it.
    explicit TextMirror(QTextDocument* document);

    /// The document's text is `text` from now on, and followed.
    void start(TextPieces text);
    /// The document is about to get another text, piece by piece.
    void stop();

    const TextPieces& text() const { return m_text; }

private:
    void follow(int position, int removed, int added);

    QTextDocument* m_document;
    TextPieces m_text;
    bool m_isFollowing = false;
};

/// The part of a document's text from `position` on, with \n between lines. Unlike toPlainText() it
/// leaves no-break spaces as they are.
QString textOf(const QTextDocument& document, qsizetype position, qsizetype size);

} // namespace caisson
