// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringView>

#include "widgets/common/icons.h"

namespace caisson {

/// The icon of a regular file by its name alone: nothing is opened for it.
Icon fileIcon(QStringView fileName);

} // namespace caisson
