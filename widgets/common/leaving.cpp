// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/leaving.h"

#include <QApplication>
#include <QFocusEvent>
#include <QWidget>

namespace caisson {

namespace {

constexpr const char* kInterrupting = "isInterrupting";

} // namespace

void setInterrupting(QWidget* part)
{
    part->setProperty(kInterrupting, true);
}

Leaving leavingOf(const QWidget& field, const QFocusEvent& out)
{
    // What is hidden hands the keyboard on as if by Tab.
    for (const QWidget* place = &field; place && !place->isWindow();
         place = place->parentWidget()) {
        if (place->isHidden())
            return Leaving::Elsewhere;
    }
    for (const QWidget* now = QApplication::focusWidget(); now; now = now->parentWidget()) {
        if (now->property(kInterrupting).toBool())
            return Leaving::Interrupted;
    }
    switch (out.reason()) {
    case Qt::ActiveWindowFocusReason:
    case Qt::PopupFocusReason:
    case Qt::MenuBarFocusReason:
        return Leaving::Interrupted;
    case Qt::MouseFocusReason:
    case Qt::TabFocusReason:
    case Qt::BacktabFocusReason:
        return Leaving::OnPurpose;
    default:
        return Leaving::Elsewhere;
    }
}

} // namespace caisson
