// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/text_mirror.h"

#include <QTextBlock>
#include <QTextDocument>

namespace caisson {

QString textOf(const QTextDocument& document, qsizetype position, qsizetype size)
{
    QString text;
    text.reserve(size);
    QTextBlock block = document.findBlock(static_cast<int>(position));
    for (qsizetype from = position - block.position(); block.isValid() && text.size() < size;
         block = block.next(), from = 0) {
        const QString line = block.text() + u'\n';
        text += QStringView(line).sliced(from).first(qMin(line.size() - from, size - text.size()));
    }
    return text;
}

TextMirror::TextMirror(QTextDocument* document)
    : QObject(document)
    , m_document(document)
{
    connect(document, &QTextDocument::contentsChange, this, &TextMirror::follow);
}

void TextMirror::start(TextPieces text)
{
    m_text = std::move(text);
    m_isFollowing = true;
}

void TextMirror::stop()
{
    m_text = {};
    m_isFollowing = false;
}

void TextMirror::follow(int position, int removed, int added)
{
    if (!m_isFollowing)
        return;
    // The separator behind the last line is counted by the document and is no part of the text.
    const qsizetype sizeNow = m_document->characterCount() - 1;
    const qsizetype out = qMin<qsizetype>(removed, m_text.size() - position);
    const qsizetype in = qMin<qsizetype>(added, sizeNow - position);
    if (m_text.size() - out + in == sizeNow)
        m_text.replace(position, out, textOf(*m_document, position, in));
    else // what is saved is never a guess
        m_text = TextPieces(textOf(*m_document, 0, sizeNow));
}

} // namespace caisson
