// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/refusal.h"

#include "backend/keeper/egress/http/refusal_body.h"

namespace caisson::keeper {

api::Task<void> respondRefusal(const Refusal& refusal, bool isHead, http::Responder& responder)
{
    const std::string text =
        http::refusalBody((refusal.status == 403 ? "Caisson refused this request: "
                                                 : "Caisson could not carry this request: ") +
                              refusal.why,
                          refusal.code, refusal.status < 500 ? refusal.rule : "", refusal.why);
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
