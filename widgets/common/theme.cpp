// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/theme.h"

#include <QApplication>
#include <QStyleHints>
#include <QToolTip>

#include "widgets/common/fonts.h"
#include "widgets/common/style.h"

namespace caisson {

Theme::Theme(QApplication& application, Appearance appearance)
    : QObject(&application)
    , m_application(application)
    , m_appearance(appearance)
{
    for (const QString& file : loadBundledFonts())
        qWarning("The font %s cannot be used.", qPrintable(file));
    QApplication::setStyle(new Style);
    QApplication::setFont(uiFont());
    QToolTip::setFont(secondaryFont());
    m_application.setEffectEnabled(Qt::UI_AnimateMenu, false);
    m_application.setEffectEnabled(Qt::UI_AnimateCombo, false);
    connect(QApplication::styleHints(), &QStyleHints::colorSchemeChanged, this, &Theme::apply);
    apply();
}

void Theme::setAppearance(Appearance appearance)
{
    if (appearance == m_appearance)
        return;
    m_appearance = appearance;
    apply();
}

void Theme::apply()
{
    const bool isSystemDark = QApplication::styleHints()->colorScheme() == Qt::ColorScheme::Dark;
    m_isDark =
        m_appearance == Appearance::Dark || (m_appearance == Appearance::System && isSystemDark);
    const QPalette palette = paletteOf(m_isDark ? darkColors() : lightColors());
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
    emit changed();
}

} // namespace caisson
