// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QFocusEvent;
class QWidget;

namespace caisson {

/// What interrupts whoever types elsewhere, and hands the keyboard back: what is half typed is not
/// taken for its sake.
void setInterrupting(QWidget* part);

/// How the keyboard leaves a field. Of a host of which half is typed ("**" of "**.example.com") a
/// window that came to the front made a rule.
enum class Leaving {
    OnPurpose,  ///< by a click elsewhere in the window, or by Tab
    Elsewhere,  ///< something in the window took it, or what the field is in is hidden
    Interrupted ///< another window, a menu or what setInterrupting() names: it comes back
};

/// To be asked while `field` is sent `out`.
Leaving leavingOf(const QWidget& field, const QFocusEvent& out);

} // namespace caisson
