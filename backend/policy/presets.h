// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace caisson::policy {

/// A policy that comes with Caisson: a file of resources/policies, whose first comment is its title
/// and whose second is what it does.
struct Preset
{
    std::string_view name;        ///< of the file, e.g. "deny-all"
    std::string_view title;       ///< e.g. "Deny all"
    std::string_view description; ///< one line
    std::string_view toml;        ///< the whole text, comments included
};

/// In the order they are offered: from the strictest.
std::span<const Preset> presets();

/// Null: there is none of that name.
const Preset* presetByName(std::string_view name);

} // namespace caisson::policy
