// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/refusal_body.h"

#include <nlohmann/json.hpp>

namespace caisson::keeper::http {

std::string refusalBody(const std::string& sentence, const std::string& code,
                        const std::string& rule, const std::string& why)
{
    nlohmann::ordered_json body = {{"error", sentence}, {"code", code}};
    if (!rule.empty()) {
        body["verdict"] = "deny";
        body["rule"] = rule;
    }
    body["why"] = why;
    return body.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string refusedHeadBody(const Error& error)
{
    return refusalBody("Caisson refused this request: " + error.message,
                       std::string(codeName(error.code)), "default", error.message);
}

} // namespace caisson::keeper::http
