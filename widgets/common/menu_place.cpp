// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/menu_place.h"

#include <QEvent>
#include <QMenu>
#include <QPointer>
#include <QScreen>

namespace caisson {

namespace {

class Place : public QObject
{
public:
    Place(QMenu& menu, const QWidget& from)
        : QObject(&menu)
        , m_menu(menu)
        , m_from(&from)
    {
        menu.installEventFilter(this);
    }

    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (watched == &m_menu && event->type() == QEvent::Show && m_from)
            place();
        return QObject::eventFilter(watched, event);
    }

private:
    void place()
    {
        const QWidget* window = m_from->window();
        const int end = window->mapToGlobal(QPoint(window->width(), 0)).x();
        const int over = m_menu.x() + m_menu.width() - end;
        const auto* above = qobject_cast<const QMenu*>(m_menu.parentWidget());
        // Where the screen ends, Qt lays a menu across the one that it belongs to.
        const bool isAcross = above && above->geometry().intersects(m_menu.geometry());
        if (over <= 0 && !isAcross)
            return;
        const int left = above ? above->x() - m_menu.width() : m_menu.x() - over;
        if (left >= m_menu.screen()->availableGeometry().left())
            m_menu.move(left, m_menu.y());
    }

    QMenu& m_menu;
    QPointer<const QWidget> m_from;
};

} // namespace

void keepInWindow(QMenu& menu, const QWidget& from)
{
    new Place(menu, from);
}

} // namespace caisson
