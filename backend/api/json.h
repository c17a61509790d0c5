// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Inside backend/api only: what codec.cpp and initwire.cpp share of the JSON library.

#include "backend/base/error.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace caisson::api {

/// Messages of the contract nest four levels at most; the rest is somebody trying.
inline constexpr int kMaxJsonDepth = 32;

/// Never throws; BadRequest says where the text stops being JSON or nests too deeply.
Result<nlohmann::json> parseJson(std::string_view text);

/// Invalid UTF-8 is replaced, never thrown about.
std::string dumpJson(const nlohmann::json& value);

} // namespace caisson::api
