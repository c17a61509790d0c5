// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>
#include <QStringList>

namespace caisson {

/// Makes the bundled typefaces known to Qt. Returns the files that could not be
/// read; the window then goes on with the system's fonts. Call once, after the QGuiApplication is
/// made.
QStringList loadBundledFonts();

QFont uiFont();        ///< 13 px
QFont secondaryFont(); ///< 12 px
QFont headingFont();   ///< 13 px, semi-bold
QFont paneTitleFont(); ///< 11 px capitals with tracking
QFont monoFont(); ///< 13 px, ligatures off: a terminal's columns and a diff's characters mean what
                  ///< they show

} // namespace caisson
