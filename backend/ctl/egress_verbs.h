// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ctl/verbs.h"

/// The verbs below `egress`, in three groups. `egress` is the subcommand they are added to.
namespace caisson::ctl {

void addPolicyVerbs(CLI::App& egress, Choice& choice);
void addRequestLogVerbs(CLI::App& egress, Choice& choice);
void addPromptVerbs(CLI::App& egress, Choice& choice);

/// The text of a policy: of the file of that name ("-": of standard input), or, where there is no
/// such file, of the preset of that name.
Result<std::string> readPolicyText(const std::string& fileOrPreset);

} // namespace caisson::ctl
