// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "widgets/common/colors.h"

class QApplication;

namespace caisson {

enum class Appearance {
    System, ///< follows the desktop while the program runs
    Light,
    Dark,
};

/// Dresses the application: style, palette, fonts. One is made by app/ before the first widget and
/// lives as long as the application. Widgets need no reference to it: their palette carries its
/// colours, and a change arrives as QEvent::PaletteChange.
class Theme : public QObject
{
    Q_OBJECT

public:
    explicit Theme(QApplication& application, Appearance appearance = Appearance::System);

    void setAppearance(Appearance appearance);
    Appearance appearance() const { return m_appearance; }
    bool isDark() const { return m_isDark; }

signals:
    void changed();

private:
    void apply();

    QApplication& m_application;
    Appearance m_appearance;
    bool m_isDark = false;
};

} // namespace caisson
