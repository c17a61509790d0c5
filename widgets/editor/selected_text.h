// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMimeData>

#include "widgets/editor/text_pieces.h"

namespace caisson {

/// A part of a text for the clipboard, which is put together only when somebody pastes it. With a
/// primary selection, as X11 has it, there is a new one at each change of what is selected, and
/// nearly none is ever asked for.
class SelectedText : public QMimeData
{
    Q_OBJECT

public:
    SelectedText(TextPieces text, qsizetype position, qsizetype size);

    QStringList formats() const override;
    bool hasFormat(const QString& format) const override;

protected:
    QVariant retrieveData(const QString& format, QMetaType type) const override;

private:
    TextPieces m_text; ///< shared with the editor
    qsizetype m_position;
    qsizetype m_size;
};

} // namespace caisson
