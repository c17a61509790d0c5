// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/request_proxy.h"

#include "backend/base/clock.h"
#include "backend/keeper/egress/answer_kind.h"
#include "backend/keeper/egress/http/fields.h"
#include "backend/keeper/egress/masking.h"
#include "backend/keeper/egress/refusal.h"
#include "backend/keeper/egress/relay.h"
#include "backend/keeper/egress/requested.h"
#include "backend/keeper/egress/websocket_scan.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr int kForbidden = 403;
constexpr int kMisdirected = 421;
constexpr int kUriTooLong = 414;
constexpr std::size_t kRefusedTarget = 1024;

/// Of the field that a rule puts in, in lower case.
std::string injectedName(const policy::Injection& injection)
{
    return injection.header.empty() ? "authorization" : http::toLowerCase(injection.header);
}

/// Of a body comes with the head, or before its sender is held up.
constexpr std::size_t kBodyHeld = 48 * 1024;

/// What a held request takes, about: no field is shorter than the room for it.
std::size_t sizeOf(const http::RequestHead& head)
{
    std::size_t size = 8 * 1024 + head.target.size() + (head.hasBody ? kBodyHeld : 0);
    for (const auto& [name, value] : head.fields)
        size += name.size() + value.size() + 64;
    return size;
}

} // namespace

/// One request on its way.
struct RequestProxy::Carried
{
    Carried(http::RequestHead& requestHead, http::Body& requestBody, http::Responder& answerTo,
            const AirlockParts& parts, const Asker& asker)
        : head(requestHead)
        , body(requestBody)
        , responder(answerTo)
        , row(parts, asker)
    {
    }

    bool isHead() const { return head.method == "HEAD"; }

    http::RequestHead& head;
    http::Body& body;
    http::Responder& responder;
    LogRow row;
    Wanted wanted;
    Pass pass;
    std::unique_ptr<http::UpstreamExchange> exchange;
    std::unique_ptr<Masker> masker;
    std::optional<Error> pumpFailure;  ///< the sandbox's side of the request's body broke
    std::optional<std::string> leaked; ///< name of a placeholder seen in the body, or a WebSocket
    bool isSent = false;               ///< the request is over, as far as it goes on
    bool isAnswering = false;          ///< the answer's head has been sent on
    bool wasCut = false;               ///< by the policy, or since the one who asked has gone
};

RequestProxy::RequestProxy(AirlockParts& parts, RequestOrigin origin)
    : m_parts(parts)
    , m_origin(std::move(origin))
{
}

Task<void> RequestProxy::serve(http::RequestHead& head, http::Body& body,
                               http::Responder& responder)
{
    Carried carried(head, body, responder, m_parts, m_origin.asker);
    api::EgressEntry& entry = carried.row.entry;
    entry.protocol = head.version == http::Version::Http2 ? "h2" : "http/1.1";
    if (head.method == "CONNECT") {
        co_await connect(carried);
        co_return;
    }
    Result<Wanted> wanted = requested(head, m_origin);
    if (!wanted) {
        carried.wanted.protocol = m_origin.protocol;
        carried.wanted.host = m_origin.host;
        carried.wanted.port = m_origin.port;
        carried.wanted.method = head.method;
        carried.wanted.target = head.target.substr(0, kRefusedTarget); // enough to know it by
        carried.row.take(carried.wanted);
        carried.row.refuse(wanted.error().message);
        const int status = wanted.error().code == ErrorCode::PermissionDenied ? kMisdirected
                           : wanted.error().code == ErrorCode::TooLarge       ? kUriTooLong
                                                                              : 400;
        entry.status = status;
        const std::string code = status == kUriTooLong ? "url_too_long" : "bad_request";
        co_await respondRefusal({status, code, entry.rule, entry.why}, carried.isHead(), responder);
        co_return;
    }
    carried.wanted = std::move(*wanted);
    carried.row.take(carried.wanted);
    co_await carry(carried);
}

/// A client that is set up to use a proxy takes whoever it dialled for one. There is none: the keeper
/// itself goes on as if the client had dialled what it asks for, and decides on that. Whatever
/// was dialled is never reached.
Task<void> RequestProxy::connect(Carried& carried)
{
    const auto named = namedHost(carried.head.target);
    RequestOrigin origin = m_origin;
    std::optional<Stream::Released> released;
    api::EgressEntry& entry = carried.row.entry;
    carried.wanted = {m_origin.protocol, m_origin.host, m_origin.port, carried.head.method, ""};
    carried.row.take(carried.wanted);
    if (named && named->port && carried.head.version == http::Version::Http1 &&
        m_origin.protocol == policy::Protocol::Http) {
        origin.host = named->host;
        origin.port = *named->port;
        origin.isConnected = true;
        http::ResponseHead head;
        head.status = 200;
        head.hasBody = false;
        if (!co_await carried.responder.head(head)) {
            carried.row.refuse("the client went away before its CONNECT was answered");
            co_return;
        }
        carried.row.drop(); // what is inside gets its own
        if (Stream* stream = carried.responder.takeOver())
            released = stream->release();
    } else {
        carried.row.refuse("CONNECT is carried over HTTP/1.1 in clear only, to a host and port");
        entry.status = 400;
        co_await respondRefusal({400, "bad_request", entry.rule, entry.why}, false,
                                carried.responder);
        co_return;
    }
    if (released)
        co_await m_parts.connect(std::move(*released), std::move(origin));
}

Task<void> RequestProxy::carry(Carried& carried)
{
    api::EgressEntry& entry = carried.row.entry;
    auto [action, pass] = m_parts.gate.decide(carried.wanted, m_origin.asker);

    // What a rule would put in takes the place of what the sandbox sent; a placeholder anywhere
    // else is on its way to where no secret is meant to go.
    std::optional<http::Fields> others;
    if (pass.inject && action == policy::Action::Allow) {
        others = carried.head.fields;
        http::removeField(*others, injectedName(*pass.inject));
    }
    if (const auto leaked =
            placeholderIn(carried.head.target, others ? *others : carried.head.fields)) {
        carried.row.take(pass);
        carried.row.refuseLeak(*leaked);
        entry.status = kForbidden;
        co_await respondRefusal({kForbidden, "egress_denied", entry.rule, entry.why},
                                carried.isHead(), carried.responder);
        co_return;
    }

    if (action == policy::Action::Ask)
        pass = co_await m_parts.gate.ask(std::move(pass), carried.wanted, m_origin.asker,
                                         carried.responder.waitGone(), sizeOf(carried.head));
    carried.pass = std::move(pass);
    carried.row.take(carried.pass);
    if (carried.pass.verdict == Pass::Verdict::Left) {
        carried.responder.abort();
        co_return;
    }
    if (carried.pass.verdict == Pass::Verdict::Deny) {
        entry.status = kForbidden;
        co_await respondRefusal(
            {kForbidden, "egress_denied", carried.pass.grant.name(), carried.pass.why},
            carried.isHead(), carried.responder);
        co_return;
    }
    if (carried.pass.inject && isEchoed(carried.head.method)) {
        carried.row.refuse("the answer to " + carried.head.method +
                           " is the request itself, so the rule's secret is not put into it");
        entry.status = kForbidden;
        co_await respondRefusal({kForbidden, "egress_denied", entry.rule, entry.why},
                                carried.isHead(), carried.responder);
        co_return;
    }
    if (carried.pass.inject) {
        Result<Secrets::Injected> injected = m_parts.secrets.inject(*carried.pass.inject);
        if (!injected) {
            carried.row.refuse(injected.error().message);
            entry.status = kForbidden;
            co_await respondRefusal({kForbidden, "secret_unknown", entry.rule, entry.why},
                                    carried.isHead(), carried.responder);
            co_return;
        }
        putIn(*injected, carried.head.fields);
        // So that a value that comes back can be seen, and seen whole.
        for (const std::string_view name : {"accept-encoding", "range", "if-range"})
            http::removeField(carried.head.fields, name);
        carried.head.fields.emplace_back("accept-encoding", "identity");
        entry.secret = injected->secret;
        carried.masker = std::make_unique<Masker>(std::move(injected->values));
        m_parts.secretUsed(injected->secret, {"", carried.pass.grant.id, carried.wanted.host,
                                              entry.time, entry.process});
    }

    // What is packed could not be looked into.
    if (!carried.head.upgrade.empty())
        http::removeField(carried.head.fields, "sec-websocket-extensions");

    const Flows::Entry flow(
        m_parts.flows, carried.wanted, m_origin.asker, carried.pass.grant,
        [&carried] {
            carried.wasCut = true;
            carried.responder.abort();
            if (carried.exchange)
                carried.exchange->abort();
        },
        [&carried] { carried.row.writeOpen(); }, [&carried] { return carried.responder.isGone(); });
    if (!co_await send(carried)) {
        // It was answered.
    } else if (!carried.head.hasBody) {
        co_await receive(carried);
    } else {
        const auto pump = [&]() -> Task<void> {
            co_await pumpBody(carried);
            co_await api::sleepFor(std::chrono::hours(24 * 365)); // the answer ends it all
        };
        co_await (receive(carried) || pump());
    }
    if (flow.wasCut())
        carried.row.refuseChanged(carried.wanted, m_origin.asker);
    else if (flow.hasLeft())
        entry.why += carried.isAnswering ? " The client went away before the end of the answer."
                                         : " The client went away before there was an answer.";
    if (carried.leaked)
        carried.row.refuseLeak(*carried.leaked);
    if (carried.masker && carried.masker->hasMasked())
        entry.flag = "masked";
}

/// Dials, or takes a kept connection, and sends the head. False: it was answered with why not.
Task<bool> RequestProxy::send(Carried& carried, UpstreamPool::Connection wanted)
{
    Origin origin;
    origin.host = carried.wanted.host;
    origin.port = carried.wanted.port;
    origin.isTls = carried.wanted.protocol == policy::Protocol::Https;
    origin.reach = carried.pass.mayBePrivate ? Reach::PrivateToo : Reach::Public;
    if (!carried.head.upgrade.empty())
        origin.versions = Origin::Versions::OnlyHttp1;
    else if (!origin.isTls && carried.head.version == http::Version::Http2)
        origin.versions = Origin::Versions::OnlyHttp2;
    const AddressCheck check = [&](const policy::Address& address) {
        return m_parts.gate.mayReach(address, carried.wanted, m_origin.asker);
    };
    for (;;) {
        Result<Lease> lease = co_await m_parts.pool.open(origin, check, wanted);
        if (!lease) {
            co_await giveUp(carried, lease.error());
            co_return false;
        }
        carried.row.entry.address = lease->address.toString();
        carried.pass.grant.address = lease->address;
        carried.exchange = std::move(lease->exchange);
        // While it was dialled there was no exchange to cut.
        if (carried.wasCut) {
            carried.exchange->abort();
            co_return false;
        }
        const Result<void> sent =
            co_await carried.exchange->sendHead(carried.head, origin.isTls ? "https" : "http");
        if (sent)
            co_return true;
        const bool mayRetry =
            carried.exchange->mayRetry() && wanted == UpstreamPool::Connection::Any;
        if (!mayRetry) {
            co_await giveUp(carried, sent.error());
            co_return false;
        }
        wanted = UpstreamPool::Connection::Fresh;
    }
}

Task<void> RequestProxy::giveUp(Carried& carried, const Error& error)
{
    if (carried.wasCut) {
        carried.responder.abort(); // that is what failed it
        co_return;
    }
    api::EgressEntry& entry = carried.row.entry;
    Refusal refusal;
    refusal.why = error.message;
    carried.row.fail(error);
    if (error.code == ErrorCode::PermissionDenied) {
        refusal.status = kForbidden;
        refusal.rule = entry.rule;
    } else {
        refusal.status = error.code == ErrorCode::Timeout ? 504 : 502;
        refusal.code = error.code == ErrorCode::Protocol ? "upstream_untrusted" : "upstream_failed";
    }
    if (carried.isAnswering) {
        carried.responder.abort();
        co_return;
    }
    entry.status = refusal.status;
    co_await respondRefusal(refusal, carried.isHead(), carried.responder);
}

Task<void> RequestProxy::pumpBody(Carried& carried)
{
    PlaceholderScan scan;
    for (;;) {
        const auto bytes = co_await carried.body.next();
        if (!bytes) {
            carried.pumpFailure = bytes.error();
            break;
        }
        if (bytes->empty()) {
            http::Fields trailers = carried.body.trailers();
            http::removeUnfitTrailers(trailers);
            if (carried.pass.inject)
                http::removeField(trailers, injectedName(*carried.pass.inject));
            if ((carried.leaked = placeholderIn("", trailers)))
                break;
            // A failure shows in the answer, which may well have come: servers may answer early.
            std::ignore = co_await carried.exchange->finishBody(trailers);
            carried.isSent = true;
            co_return;
        }
        if ((carried.leaked = scan.feed(*bytes)))
            break;
        carried.row.entry.bytesOut += static_cast<std::int64_t>(bytes->size());
        if (!co_await carried.exchange->sendBody(*bytes))
            co_return;
    }
    carried.exchange->abort();
}

Task<void> RequestProxy::receive(Carried& carried)
{
    api::EgressEntry& entry = carried.row.entry;
    for (;;) {
        Result<http::ResponseHead> head = co_await carried.exchange->response();
        if (!head && !carried.wasCut && !carried.head.hasBody && carried.exchange->mayRetry()) {
            // The kept connection was closed at the very moment it was used.
            if (!co_await send(carried, UpstreamPool::Connection::Fresh))
                co_return;
            continue;
        }
        if (!head) {
            if (carried.leaked) {
                entry.status = kForbidden;
                co_await respondRefusal({kForbidden, "egress_denied", entry.rule,
                                         "the placeholder of the secret \"" + *carried.leaked +
                                             "\" was sent where no rule puts it in"},
                                        carried.isHead(), carried.responder);
            } else if (carried.pumpFailure && carried.pumpFailure->code == ErrorCode::BadRequest) {
                carried.row.refuse(carried.pumpFailure->message);
                entry.status = 400;
                co_await respondRefusal({400, "bad_request", entry.rule, entry.why},
                                        carried.isHead(), carried.responder);
            } else if (carried.pumpFailure) {
                carried.responder.abort();
            } else {
                // An answer that is none: whoever asked for a switch may be past HTTP already.
                if (head.error().code == ErrorCode::BadRequest)
                    carried.responder.closeAfter();
                co_await giveUp(carried,
                                {head.error().code == ErrorCode::BadRequest ? ErrorCode::Internal
                                                                            : head.error().code,
                                 "the server's answer cannot be carried: " + head.error().message,
                                 {}});
            }
            co_return;
        }
        if (carried.masker) {
            for (auto& [name, value] : head->fields) {
                name = carried.masker->mask(name);
                value = carried.masker->mask(value);
            }
        }
        if (head->status / 100 == 1 && head->status != 101) {
            if (!co_await carried.responder.inform(*head)) {
                carried.exchange->abort();
                co_return;
            }
            continue;
        }
        if (const std::string* chosen = http::findField(head->fields, "upgrade");
            head->status == 101 && (carried.head.upgrade.empty() || !chosen ||
                                    !http::equalsIgnoringCase(*chosen, carried.head.upgrade) ||
                                    (carried.head.hasBody && !carried.isSent))) {
            carried.exchange->abort();
            carried.responder.closeAfter();
            co_await giveUp(carried, {ErrorCode::Internal,
                                      "the server switched to a protocol that was not asked for, "
                                      "or before the request was over",
                                      {}});
            co_return;
        }
        entry.status = head->status;
        if (const std::string* type = http::findField(head->fields, "content-type"))
            entry.contentType = *type;
        if (head->status == 101)
            co_await upgrade(carried, *head);
        else
            co_await receiveBody(carried, *head);
        co_return;
    }
}

Task<void> RequestProxy::receiveBody(Carried& carried, const http::ResponseHead& head)
{
    if (carried.masker && mayHideSecret(head)) {
        carried.exchange->abort();
        co_await giveUp(carried,
                        {ErrorCode::Internal,
                         "the server packed its answer although it was asked not to, and a "
                         "secret in it could not be seen",
                         {}});
        co_return;
    }
    carried.isAnswering = true;
    http::Responder& responder = carried.responder;
    if (!co_await responder.head(head)) {
        carried.exchange->abort();
        co_return;
    }
    if (!head.hasBody || carried.isHead())
        co_return;
    http::Body& body = carried.exchange->body();
    for (;;) {
        if (!body.isReady() && !co_await responder.flush())
            break;
        const auto bytes = co_await body.next();
        if (!bytes) {
            if (!carried.wasCut)
                carried.row.entry.why += " The answer broke off: " + bytes.error().message + ".";
            responder.abort();
            co_return;
        }
        if (bytes->empty()) {
            if (carried.masker) {
                const std::string_view last = carried.masker->finish();
                if (!last.empty() && !co_await responder.write(last))
                    break;
            }
            http::Fields trailers = body.trailers();
            http::removeUnfitTrailers(trailers);
            if (carried.masker) {
                for (auto& [name, value] : trailers) {
                    name = carried.masker->mask(name);
                    value = carried.masker->mask(value);
                }
            }
            if (!co_await responder.finish(trailers))
                break;
            co_return;
        }
        carried.row.entry.bytesIn += static_cast<std::int64_t>(bytes->size());
        const std::span<const char> sent =
            carried.masker ? std::span<const char>(carried.masker->feed(*bytes)) : *bytes;
        if (!sent.empty() && !co_await responder.write(sent))
            break;
    }
    carried.exchange->abort();
    responder.abort();
}

Task<void> RequestProxy::upgrade(Carried& carried, const http::ResponseHead& head)
{
    carried.isAnswering = true;
    carried.row.entry.protocol = carried.head.upgrade;
    if (!co_await carried.responder.head(head)) {
        carried.exchange->abort();
        co_return;
    }
    Stream* inside = carried.responder.takeOver();
    Stream* outside = carried.exchange->takeOver();
    if (!inside || !outside) {
        carried.exchange->abort();
        carried.responder.abort();
        co_return;
    }
    WebSocketScan scan;
    Change change;
    std::optional<WebSocketMasking> masking;
    if (carried.masker)
        change = [&masking = masking.emplace(*carried.masker)](std::span<const char> bytes) {
            return masking.feed(bytes);
        };
    co_await relay(
        *inside, *outside, carried.row.entry.bytesOut, carried.row.entry.bytesIn, Inside::Writes,
        [&scan](std::span<const char> bytes, Outside) {
            return scan.feed(bytes) == WebSocketScan::Outcome::Clean ? Onward::Pass : Onward::Break;
        },
        std::move(change));
    if (scan.outcome() == WebSocketScan::Outcome::Placeholder)
        carried.leaked = scan.name();
    else if (scan.outcome() == WebSocketScan::Outcome::Malformed)
        carried.row.refuse("what the client sent after the upgrade is no WebSocket");
}

} // namespace caisson::keeper
