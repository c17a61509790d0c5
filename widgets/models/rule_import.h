// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "widgets/models/rule_table.h"

namespace caisson {

/// With those at the end that the table has not, whatever their ids. The default becomes
/// `defaultAction` unless it is empty.
RuleTable withRules(RuleTable table, const QList<api::EgressRule>& rules,
                    const QString& defaultAction);

/// What a policy file says, under the ids that it says. Rules without one keep the ids, and so the
/// counts, of those in `now` that say the same.
Result<RuleTable> tableOfFile(const std::string& toml, const RuleTable& now);

} // namespace caisson
