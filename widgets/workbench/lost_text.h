// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// What was typed into a file and not saved when its sandbox went.
struct LostText
{
    QString name; ///< of the file, as shown
    QString text; ///< empty where it was not read back yet
};

} // namespace caisson
