// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// Why `name` cannot be a sandbox's, as a sentence; empty when it can.
QString sandboxNameProblem(const QString& name);

/// A name made of a folder's: "My Project" gives "my-project". Empty when nothing of it can be
/// used.
QString sandboxNameFor(const QString& folderName);

} // namespace caisson
