// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

#include <functional>

class QWidget;

namespace caisson::gallery {

struct Scene
{
    QString name;
    std::function<QWidget*()> make; ///< a new widget, sized, owned by the caller
    int settleMs = 200;             ///< how long it is given to come to rest
};

QList<Scene> scenes();

} // namespace caisson::gallery
