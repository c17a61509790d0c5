// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/text_pieces.h"

namespace caisson {

namespace {

QList<QString> cut(QStringView text)
{
    QList<QString> pieces;
    pieces.reserve(text.size() / TextPieces::kPiece + 1);
    while (text.size() > 2 * TextPieces::kPiece) {
        pieces += text.first(TextPieces::kPiece).toString();
        text = text.sliced(TextPieces::kPiece);
    }
    if (!text.isEmpty())
        pieces += text.toString();
    return pieces;
}

} // namespace

TextPieces::TextPieces(QStringView text)
    : m_pieces(cut(text))
    , m_size(text.size())
{
}

void TextPieces::replace(qsizetype position, qsizetype removed, QStringView added)
{
    qsizetype first = 0;
    qsizetype start = 0; // of the first piece that is touched
    while (first < m_pieces.size() && start + m_pieces[first].size() < position)
        start += m_pieces[first++].size();
    qsizetype last = first; // one behind the last that is touched
    qsizetype end = start;
    while (last < m_pieces.size() && (last == first || end < position + removed))
        end += m_pieces[last++].size();
    // What would be left as a crumb is joined to what follows.
    if (end - start - removed + added.size() < kPiece / 2 && last < m_pieces.size())
        end += m_pieces[last++].size();

    QString changed;
    changed.reserve(end - start - removed + added.size());
    for (qsizetype index = first; index < last; ++index)
        changed += m_pieces[index];
    changed.replace(position - start, removed, added.data(), added.size());
    m_size += added.size() - removed;

    if (changed.size() <= 2 * kPiece && last - first == 1) {
        m_pieces[first] = std::move(changed);
        return;
    }
    const QList<QString> pieces = cut(changed);
    m_pieces.remove(first, last - first);
    for (qsizetype index = 0; index < pieces.size(); ++index)
        m_pieces.insert(first + index, pieces[index]);
}

QString TextPieces::text() const
{
    QString text;
    text.reserve(m_size);
    for (const QString& piece : m_pieces)
        text += piece;
    return text;
}

QString TextPieces::mid(qsizetype position, qsizetype size) const
{
    QString part;
    part.reserve(size);
    qsizetype start = 0;
    for (const QString& piece : m_pieces) {
        const qsizetype from = qMax<qsizetype>(0, position - start);
        if (from < piece.size())
            part += QStringView(piece).sliced(from).first(
                qMin(piece.size() - from, size - part.size()));
        if (part.size() == size)
            break;
        start += piece.size();
    }
    return part;
}

} // namespace caisson
