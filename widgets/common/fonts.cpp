// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/fonts.h"

#include <QDir>
#include <QFontDatabase>

// Outside every namespace: the macro declares a function of the global one.
static void initFontResource()
{
    Q_INIT_RESOURCE(fonts);
}

namespace caisson {

namespace {

QFont inter(int pixels, QFont::Weight weight)
{
    QFont font({QStringLiteral("Inter"), QStringLiteral("DejaVu Sans"), QStringLiteral("Symbola")});
    font.setStyleHint(QFont::SansSerif);
    font.setPixelSize(pixels);
    font.setWeight(weight);
    // Hinted, letters stand on whole pixels, and at these sizes that spoils Inter's spacing.
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

} // namespace

QStringList loadBundledFonts()
{
    initFontResource();
    QStringList failed;
    const QDir folder(QStringLiteral(":/caisson/fonts"));
    const QStringList files = folder.entryList(QDir::Files);
    for (const QString& file : files) {
        if (QFontDatabase::addApplicationFont(folder.filePath(file)) < 0)
            failed.append(file);
    }
    return failed;
}

QFont uiFont()
{
    return inter(13, QFont::Normal);
}

QFont secondaryFont()
{
    return inter(12, QFont::Normal);
}

QFont headingFont()
{
    return inter(13, QFont::DemiBold);
}

QFont paneTitleFont()
{
    QFont font = inter(11, QFont::DemiBold);
    font.setCapitalization(QFont::AllUppercase);
    font.setLetterSpacing(QFont::AbsoluteSpacing, 0.6);
    return font;
}

QFont monoFont()
{
    // FreeMono and Symbola lend the signs that agents decorate their output with. They stand before
    // what the system would choose, whose emoji are wider than a cell and warm.
    QFont font({QStringLiteral("JetBrains Mono"), QStringLiteral("DejaVu Sans Mono"),
                QStringLiteral("FreeMono"), QStringLiteral("Symbola")});
    font.setStyleHint(QFont::Monospace);
    font.setFixedPitch(true);
    font.setPixelSize(13);
    // As QTermWidget sets it: the editor's letters are the terminal's.
    font.setHintingPreference(QFont::PreferFullHinting);
    font.setKerning(false);
    for (const QFont::Tag feature : {QFont::Tag("liga"), QFont::Tag("calt"), QFont::Tag("clig")})
        font.setFeature(feature, 0);
    return font;
}

} // namespace caisson
