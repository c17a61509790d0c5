// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/refused_head.h"

#include <nlohmann/json.hpp>

namespace caisson::keeper::http {

std::string refusedHeadBody(const Error& error)
{
    const nlohmann::ordered_json body = {
        {"error", "Caisson refused this request: " + error.message},
        {"code", codeName(error.code)},
        {"verdict", "deny"},
        {"rule", "default"},
        {"why", error.message}};
    return body.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace caisson::keeper::http
