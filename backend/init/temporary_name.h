// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson::init {

/// What a temporary file will become once it is renamed. It is in the name, so that a watch can
/// tell what the rename means without knowing who does it.
enum class TemporaryKind {
    New,     ///< nothing is there yet
    Replaces ///< something is
};

/// A name for a temporary neighbour: ".caisson-<12 hexadecimal digits>.new" or ".put".
std::string temporaryName(TemporaryKind kind);

/// nullopt for all other names. A watch does not report temporaries.
std::optional<TemporaryKind> temporaryKind(std::string_view name);

} // namespace caisson::init
