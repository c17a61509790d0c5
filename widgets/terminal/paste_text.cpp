// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/paste_text.h"

namespace caisson {

QString pasteable(const QString& clipboard)
{
    QString text = clipboard;
    text.replace(QStringLiteral("\r\n"), QStringLiteral("\r"));
    text.replace(u'\n', u'\r');
    text.replace(QChar::LineSeparator, u'\r');
    text.replace(QChar::ParagraphSeparator, u'\r');
    text.removeIf(
        [](QChar c) { return c.category() == QChar::Other_Control && c != u'\r' && c != u'\t'; });
    if (text.count(u'\r') == 1 && text.endsWith(u'\r'))
        text.chop(1);
    return text;
}

int lineCount(const QString& pasteableText)
{
    const auto breaks = pasteableText.count(u'\r');
    return static_cast<int>(pasteableText.endsWith(u'\r') ? breaks : breaks + 1);
}

} // namespace caisson
