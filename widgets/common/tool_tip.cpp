// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/tool_tip.h"

#include <QStringList>
#include <QTextLayout>
#include <QToolTip>

namespace caisson {

namespace {

constexpr int kWidest = 400;

QStringList broken(const QString& line, const QFont& font)
{
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    QTextLayout layout(line, font);
    layout.setTextOption(option);
    layout.beginLayout();
    QStringList lines;
    for (QTextLine part = layout.createLine(); part.isValid(); part = layout.createLine()) {
        part.setLineWidth(kWidest);
        lines += line.sliced(part.textStart(), part.textLength());
    }
    layout.endLayout();
    return lines;
}

} // namespace

QString foldedTip(const QString& text)
{
    QStringList lines;
    for (const QString& line : text.split(QLatin1Char('\n')))
        lines += line.isEmpty() ? QStringList(line) : broken(line, QToolTip::font());
    return lines.join(QLatin1Char('\n'));
}

} // namespace caisson
