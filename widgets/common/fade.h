// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace caisson {

/// What appears comes up in 120 ms; at once where the desktop asks for less motion. Call it when
/// the widget is about to be painted for the first time, e.g. in its showEvent().
void fadeIn(QWidget* widget);

} // namespace caisson
