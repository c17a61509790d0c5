// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QMenu;
class QWidget;

namespace caisson {

/// A menu ends where the window of `from` does. One that opens from another menu goes to that one's
/// other side instead. Where there is no room either it stays where Qt puts it, on the screen.
void keepInWindow(QMenu& menu, const QWidget& from);

} // namespace caisson
