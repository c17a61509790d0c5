// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/tool_button.h"

#include <QKeyEvent>

namespace caisson {

void ToolButton::keyPressEvent(QKeyEvent* event)
{
    if (event->key() != Qt::Key_Return && event->key() != Qt::Key_Enter)
        QToolButton::keyPressEvent(event);
    else if (popupMode() == InstantPopup)
        showMenu();
    else
        click();
}

} // namespace caisson
