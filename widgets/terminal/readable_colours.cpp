// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/readable_colours.h"

#include <QColor>
#include <QSettings>

#include "widgets/common/colors.h"

namespace caisson {

namespace {

constexpr double kReadable = 4.5; // WCAG 2.2, 1.4.3

QColor colourOf(const QSettings& scheme, const QString& group)
{
    return QColor(scheme.value(group + QStringLiteral("/Color")).toString());
}

} // namespace

ReadableColours readableColours(const QString& schemePath)
{
    const QSettings scheme(schemePath, QSettings::IniFormat);
    const QColor text = colourOf(scheme, QStringLiteral("Foreground"));
    const QColor canvas = colourOf(scheme, QStringLiteral("Background"));
    std::array<QColor, ReadableColours::kColours + 1> colours;
    constexpr int kBright = ReadableColours::kColours / 2;
    for (int index = 0; index < kBright; ++index) {
        colours[index] = colourOf(scheme, QStringLiteral("Color%1").arg(index));
        colours[index + kBright] = colourOf(scheme, QStringLiteral("Color%1Intense").arg(index));
    }
    colours[ReadableColours::kDefaultText] = text;

    ReadableColours readable;
    for (int ground = 0; ground < ReadableColours::kColours; ++ground) {
        const bool isTextBetter =
            contrastRatio(text, colours[ground]) >= contrastRatio(canvas, colours[ground]);
        for (int index = 0; index <= ReadableColours::kColours; ++index) {
            if (contrastRatio(colours[index], colours[ground]) < kReadable)
                readable.instead[ground][index] = (isTextBetter ? text : canvas).rgb();
        }
    }
    return readable;
}

} // namespace caisson
