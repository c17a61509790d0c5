// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/selected_text.h"

namespace caisson {

namespace {
const QString kPlainText = QStringLiteral("text/plain");
}

SelectedText::SelectedText(TextPieces text, qsizetype position, qsizetype size)
    : m_text(std::move(text))
    , m_position(position)
    , m_size(size)
{
}

QStringList SelectedText::formats() const
{
    return {kPlainText};
}

bool SelectedText::hasFormat(const QString& format) const
{
    return format == kPlainText;
}

QVariant SelectedText::retrieveData(const QString& format, QMetaType) const
{
    return hasFormat(format) ? QVariant(m_text.mid(m_position, m_size)) : QVariant();
}

} // namespace caisson
