// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

namespace caisson {

/// A text in pieces of some 64 kB that copies share: taking a copy of 20 MB costs a pointer, and
/// changing a character afterwards one piece. A copy can be read on any thread.
class TextPieces
{
public:
    static constexpr qsizetype kPiece =
        32 * 1024; ///< characters; a piece has at most twice as many

    TextPieces() = default;
    explicit TextPieces(QStringView text);

    qsizetype size() const { return m_size; }
    /// `position` and `removed` lie within the text.
    void replace(qsizetype position, qsizetype removed, QStringView added);
    /// The whole text. Takes as long as it is large.
    QString text() const;

    /// A part of it, within the text.
    QString mid(qsizetype position, qsizetype size) const;

    const QList<QString>& pieces() const { return m_pieces; }

private:
    QList<QString> m_pieces;
    qsizetype m_size = 0;
};

} // namespace caisson
