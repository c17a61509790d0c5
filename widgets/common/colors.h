// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPalette>

namespace caisson {

/// The colours of the window by role. One table for dark, one for light; every view takes its
/// colours from here or from the palette made of it, so that a change of the system's appearance
/// reaches everything.
struct Colors
{
    QColor canvas;    ///< editor and terminal
    QColor panel;     ///< panes, bars, dialogs
    QColor raised;    ///< menus, strips, tooltips
    QColor hairline;  ///< 1-px separators
    QColor outline;   ///< the edge of a control
    QColor text;      ///< at least 4.5:1 on canvas, panel and raised
    QColor secondary; ///< at least 4.5:1 on canvas, panel and raised
    QColor disabled;  ///< not held to a contrast
    QColor accent;    ///< focus, selection, links
    QColor onAccent;  ///< text on accent, at least 4.5:1
    QColor selection; ///< behind a selected row, opaque, for use on panel
    QColor hover;     ///< translucent, laid over any surface
    QColor pressed;   ///< translucent, laid over any surface
    QColor running;
    QColor sleeping;
    QColor failed;
    QColor waiting; ///< for what waits for a decision of the person, and nothing else
};

const Colors& darkColors();
const Colors& lightColors();

/// Told by the lightness of the window colour.
bool isDark(const QPalette& palette);

/// The table a palette was made from.
const Colors& colorsOf(const QPalette& palette);

/// Window is panel, Base is canvas, AlternateBase and ToolTipBase are raised, Mid is hairline,
/// PlaceholderText is secondary text, Accent and Link are accent.
QPalette paletteOf(const Colors& colors);

/// WCAG 2.2's contrast ratio of two opaque colours, 1 to 21.
double contrastRatio(const QColor& one, const QColor& other);

} // namespace caisson
