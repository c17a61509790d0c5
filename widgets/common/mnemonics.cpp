// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/mnemonics.h"

namespace caisson {

QString escapeMnemonics(QString text)
{
    return text.replace(QLatin1Char('&'), QStringLiteral("&&"));
}

QString stripMnemonics(const QString& text)
{
    QString shown;
    shown.reserve(text.size());
    for (qsizetype at = 0; at < text.size(); ++at) {
        if (text[at] == QLatin1Char('&') && ++at == text.size())
            break;
        shown += text[at];
    }
    return shown;
}

} // namespace caisson
