// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/place_before.h"

#include <QApplication>

namespace caisson {

PlaceBefore::PlaceBefore(QWidget* part)
    : QObject(part)
    , m_part(part)
{
    connect(qApp, &QApplication::focusChanged, this,
            [this](QWidget*, QWidget* now) { remember(now); });
}

/// Menus and lists that pop up are windows of their own, and no place.
void PlaceBefore::remember(QWidget* focus)
{
    if (!focus || focus->window() != m_part->window() || m_part->isAncestorOf(focus))
        return;
    m_places.clear();
    for (QWidget* place = focus; place && !place->isWindow(); place = place->parentWidget()) {
        if (place == focus || place->focusPolicy() != Qt::NoFocus)
            m_places += place;
    }
}

bool PlaceBefore::goBack() const
{
    for (const QPointer<QWidget>& place : m_places) {
        if (!place || !place->isVisible() || !place->isEnabled())
            continue;
        // Not as if by Tab, which selects what is in a field, for the next key to replace.
        place->setFocus(Qt::OtherFocusReason);
        return true;
    }
    return false;
}

} // namespace caisson
