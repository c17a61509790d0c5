// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>

class QMenu;

namespace caisson {

class RuleModel;

/// Adds the policies that come with Caisson to a menu. Choosing one that is only a default changes
/// that; the rules of another are added below those that are there.
void addPresets(QMenu& menu, QPointer<RuleModel> model);

} // namespace caisson
