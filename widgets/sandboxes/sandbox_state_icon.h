// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QRectF>

class QPainter;

namespace caisson {

struct Colors;

/// Paints a sandbox's state, 10 px across in the middle of `rect`. Each has a shape of its own, so
/// that it can be told without its colour: running a full disc, starting half a ring, sleeping a
/// disc with a bite, stopped a ring, failed a cross. What is stale, since nobody can be asked, has
/// lost its colour.
void paintSandboxState(QPainter& painter, const QRectF& rect, api::SandboxState state, bool isBusy,
                       bool isStale, const Colors& colors);

} // namespace caisson
