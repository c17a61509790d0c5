// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/refusal.h"

#include <nlohmann/json.hpp>

namespace caisson::keeper {

api::Task<void> respondRefusal(const Refusal& refusal, bool isHead, http::Responder& responder)
{
    nlohmann::ordered_json body = {
        {"error", (refusal.status == 403 ? "Caisson refused this request: "
                                         : "Caisson could not carry this request: ") +
                      refusal.why},
        {"code", refusal.code}};
    if (refusal.status < 500) {
        body["verdict"] = "deny";
        body["rule"] = refusal.rule;
    }
    body["why"] = refusal.why;
    const std::string text =
        body.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    http::ResponseHead head;
    head.status = refusal.status;
    head.fields = {{"content-type", "application/json"}, {"cache-control", "no-store"}};
    head.length = text.size();
    head.hasBody = !isHead;
    if (!co_await responder.head(head) || isHead)
        co_return;
    if (!co_await responder.write(text) || !co_await responder.finish({}))
        responder.abort();
}

} // namespace caisson::keeper
