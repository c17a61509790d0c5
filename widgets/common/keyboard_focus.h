// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

class QDialog;
class QWidget;

namespace caisson {

/// What Tab goes through in a window, in the order in which it is laid out: by layouts and
/// splitters, from the top left to the bottom right. Qt's own order is that in which widgets were
/// made, which in a window whose tabs come and go has little to do with what is seen.
///
/// Only what is seen, enabled and takes the focus by Tab. Of a tab bar its scroll buttons are left
/// out: the arrow keys scroll it.
QList<QWidget*> focusOrder(const QWidget& window);

/// Opens it with the ring of the keyboard to be seen from the first key on, however it was asked for.
void openWithRing(QDialog& dialog);

/// Gives the focus to the one after, or before, the one that has it. False when there is none.
bool focusNext(const QWidget& window, bool isForward);

} // namespace caisson
