// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/egress.h"

#include "backend/keeper/egress/airlock.h"
#include "backend/keeper/egress/http/fields.h"
#include "backend/policy/host_name.h"
#include "backend/policy/host_pattern.h"
#include "backend/policy/path.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

struct Egress
{
    api::ServerConnection& connection;
    const api::RequestHead& head;
    const api::RouteMatch& match;
    EgressDesk desk;

    template<class T>
    Task<Result<void>> respond(T message)
    {
        co_return co_await connection.respond(
            {match.route->status, "application/json", api::toJson(message)});
    }
};

// ---- policy ------------------------------------------------------------------------------------

/// As it is after `change`. The policy is let go before the answer is written.
Result<api::EgressPolicy> policyAfter(const EgressDesk& desk, EgressDesk::Use use,
                                      const std::function<Result<void>(LivePolicy&)>& change)
{
    const auto policy = desk.policy(use);
    if (!policy)
        return std::unexpected(policy.error());
    if (Result<void> changed = change(**policy); !changed)
        return std::unexpected(changed.error());
    return (*policy)->describe();
}

Task<Result<void>> showPolicy(Egress egress)
{
    const auto described =
        policyAfter(egress.desk, EgressDesk::Use::Keep, [](LivePolicy&) { return Result<void>{}; });
    if (!described)
        co_return std::unexpected(described.error());
    co_return co_await egress.respond(*described);
}

/// A file of 1 MiB, the most that parsePolicy() takes, is more as JSON: it escapes quotes and newlines.
constexpr std::size_t kLargestPolicyBody = 4u << 20;

Task<Result<api::PutPolicy>> readPolicy(api::ServerConnection& connection)
{
    const Result<std::string> body = co_await connection.readBody(kLargestPolicyBody);
    if (!body)
        co_return std::unexpected(body.error());
    if (const Result<void> checked = api::checkValueCount(*body); !checked)
        co_return std::unexpected(checked.error());
    co_return api::fromJson<api::PutPolicy>(*body);
}

Task<Result<void>> putPolicy(Egress egress)
{
    const auto request = co_await readPolicy(egress.connection);
    if (!request)
        co_return std::unexpected(request.error());
    const auto described =
        policyAfter(egress.desk, EgressDesk::Use::Replace, [&](LivePolicy& policy) -> Result<void> {
            const auto put = policy.replace(*request);
            return put ? Result<void>{} : std::unexpected(put.error());
        });
    if (!described)
        co_return std::unexpected(described.error());
    co_return co_await egress.respond(*described);
}

Task<Result<void>> patchPolicy(Egress egress)
{
    const auto request = co_await api::readJson<api::PatchPolicy>(egress.connection);
    if (!request)
        co_return std::unexpected(request.error());
    const auto described =
        policyAfter(egress.desk, EgressDesk::Use::Keep, [&](LivePolicy& policy) -> Result<void> {
            const auto patched = policy.patch(*request);
            return patched ? Result<void>{} : std::unexpected(patched.error());
        });
    if (!described)
        co_return std::unexpected(described.error());
    co_return co_await egress.respond(*described);
}

/// "https://host:port/path", "http://…", "tls://host:port", "tcp://host:port".
Result<Wanted> wantedOf(const api::ExplainRequest& request)
{
    const auto bad = [&](std::string_view why) {
        return fail(ErrorCode::BadRequest,
                    "\"" + request.url + "\" cannot be explained: " + std::string(why));
    };
    const std::size_t colon = request.url.find("://");
    if (colon == std::string::npos)
        return bad("it must begin with https://, http://, tls:// or tcp://");
    const std::string scheme = http::toLowerCase(request.url.substr(0, colon)); // RFC 3986, 3.1
    Wanted wanted;
    std::optional<std::uint16_t> port;
    if (scheme == "https" || scheme == "wss") {
        wanted.protocol = policy::Protocol::Https;
        port = 443;
    } else if (scheme == "http" || scheme == "ws") {
        wanted.protocol = policy::Protocol::Http;
        port = 80;
    } else if (scheme == "tls") {
        wanted.protocol = policy::Protocol::Tls;
        port = 443;
    } else if (scheme == "tcp") {
        wanted.protocol = policy::Protocol::Tcp;
    } else {
        return bad("it must begin with https://, http://, tls:// or tcp://");
    }
    const std::string_view rest = std::string_view(request.url).substr(colon + 3);
    const std::size_t end = rest.find_first_of("/?#");
    std::string_view authority = rest.substr(0, end);
    if (authority.contains('@'))
        return bad("a user name or password in a URL is not taken");
    if (const std::size_t digits = authority.rfind(':');
        digits != std::string_view::npos && authority.find(']', digits) == std::string_view::npos) {
        const std::string_view text = authority.substr(digits + 1);
        std::uint16_t number = 0;
        const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || last != text.data() + text.size() || number == 0)
            return bad("its port is none");
        port = number;
        authority = authority.substr(0, digits);
    }
    if (!port)
        return bad("it needs a port, as tcp://example.com:22 has one");
    wanted.port = *port;
    Result<std::string> host = policy::canonicalHost(authority);
    if (!host)
        return std::unexpected(host.error());
    wanted.host = std::move(*host);
    if (wanted.protocol == policy::Protocol::Http || wanted.protocol == policy::Protocol::Https) {
        std::string_view target = end == std::string_view::npos ? "/" : rest.substr(end);
        target = target.substr(0, target.find('#'));
        Result<std::string> normalised = policy::normalisedTarget(
            target.starts_with('/') ? std::string(target) : "/" + std::string(target));
        if (!normalised)
            return std::unexpected(normalised.error());
        wanted.target = std::move(*normalised);
        wanted.method = request.method.empty() ? "GET" : request.method;
        if (!http::isToken(wanted.method))
            return fail(ErrorCode::BadRequest, "\"" + wanted.method + "\" is no method");
    }
    return wanted;
}

Task<Result<void>> explainEgress(Egress egress)
{
    const auto request = co_await api::readJson<api::ExplainRequest>(egress.connection);
    if (!request)
        co_return std::unexpected(request.error());
    const Result<Wanted> wanted = wantedOf(*request);
    if (!wanted)
        co_return std::unexpected(wanted.error());
    policy::Request asked = wanted->request({});
    asked.process = request->process;
    std::unique_ptr<const policy::ProgramNames> names;
    if (egress.desk.airlock && !request->process.empty())
        names = egress.desk.airlock->namesOf(request->process);
    asked.otherNames = names.get();
    api::Explanation explanation;
    {
        const auto policy = egress.desk.policy(EgressDesk::Use::Keep);
        if (!policy)
            co_return std::unexpected(policy.error());
        explanation = (*policy)->explain(asked);
    }
    co_return co_await egress.respond(explanation);
}

// ---- prompts -----------------------------------------------------------------------------------

Task<Result<void>> listPrompts(Egress egress)
{
    co_return co_await egress.respond(egress.desk.airlock ? egress.desk.airlock->prompts().list()
                                                          : api::PromptList{});
}

Task<Result<void>> answerPrompt(Egress egress)
{
    const auto request = co_await api::readJson<api::AnswerPrompt>(egress.connection);
    if (!request)
        co_return std::unexpected(request.error());
    if (!egress.desk.airlock)
        co_return fail(ErrorCode::Gone, "nothing waits for an answer: the sandbox does not run");
    const auto answered = egress.desk.airlock->answer(egress.match.parameter("prompt"), *request);
    if (!answered)
        co_return std::unexpected(answered.error());
    co_return co_await egress.respond(*answered);
}

// ---- log ---------------------------------------------------------------------------------------

Result<std::int64_t> numberOf(const api::RouteMatch& match, std::string_view name,
                              std::int64_t otherwise, std::int64_t most)
{
    const auto text = match.queryValue(name);
    if (!text)
        return otherwise;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size() || number < 0 || number > most)
        return fail(ErrorCode::BadRequest,
                    "\"" + std::string(name) + "\" must be a number up to " + std::to_string(most));
    return number;
}

constexpr std::int64_t kMostRows = 1000;
constexpr std::int64_t kMostId = std::numeric_limits<std::int64_t>::max();

Result<LogQuery> queryOf(const api::RouteMatch& match)
{
    LogQuery query;
    for (const auto& [name, member, otherwise, most] :
         {std::tuple{"before", &LogQuery::before, std::int64_t(0), kMostId},
          std::tuple{"after", &LogQuery::after, std::int64_t(0), kMostId},
          std::tuple{"limit", &LogQuery::limit, std::int64_t(100), kMostRows}}) {
        const auto number = numberOf(match, name, otherwise, most);
        if (!number)
            return std::unexpected(number.error());
        query.*member = *number;
    }
    for (const auto& [name, member] :
         {std::pair{"text", &LogQuery::text}, std::pair{"verdict", &LogQuery::verdict},
          std::pair{"host", &LogQuery::host}, std::pair{"method", &LogQuery::method},
          std::pair{"rule", &LogQuery::rule}, std::pair{"terminal", &LogQuery::terminal}})
        query.*member = match.queryValue(name).value_or("");
    if (!query.verdict.empty() && query.verdict != "allow" && query.verdict != "deny" &&
        query.verdict != "tunnel")
        return fail(ErrorCode::BadRequest, "\"verdict\" must be allow, deny or tunnel");
    if (query.host.contains('*')) {
        if (const auto pattern = policy::canonicalHostPattern(query.host); !pattern)
            return fail(ErrorCode::BadRequest, "\"" + query.host + "\" is no pattern of hosts: " +
                                                   pattern.error().message);
    }
    return query;
}

/// Of a sandbox that does not run no more will come.
enum class Following { On, ToTheEnd };

/// Rows as they come, the oldest first.
Task<void> writeRows(api::ServerConnection& connection, RequestLog& log, LogQuery query,
                     Following following)
{
    query.limit = kMostRows;
    for (;;) {
        const std::int64_t last = log.last();
        const auto news = co_await log.news(query);
        if (!news)
            co_return;
        std::string text;
        for (const auto& [cursor, entry] : *news) {
            text += api::encodeSse({std::to_string(cursor), "request", api::toJson(entry)});
            query.after = cursor;
        }
        if (!text.empty()) {
            if (!co_await connection.writeBody(text))
                co_return;
            continue;
        }
        if (following == Following::ToTheEnd) {
            co_await connection.endBody();
            co_return;
        }
        // All up to there was looked at. More may have come while it was.
        query.after = std::max(query.after, last);
        if (log.last() == last)
            co_await log.wait();
    }
}

Task<Result<void>> followLog(Egress egress, RequestLog& log, LogQuery query)
{
    std::optional<std::string> since = egress.match.queryValue("after");
    if (const auto last = egress.head.header("last-event-id"))
        since = std::string(*last);
    query.before = 0;
    if (since) {
        const auto [end, error] =
            std::from_chars(since->data(), since->data() + since->size(), query.after);
        if (error != std::errc() || end != since->data() + since->size())
            co_return fail(ErrorCode::BadRequest, "the cursor must be a number that came as one");
    } else {
        query.after = log.last();
    }
    if (co_await egress.connection.startEvents())
        co_await (writeRows(egress.connection, log, query,
                            egress.desk.airlock ? Following::On : Following::ToTheEnd) ||
                  egress.connection.waitClosed());
    co_return Result<void>{};
}

Task<Result<void>> showLog(Egress egress)
{
    const Result<LogQuery> query = queryOf(egress.match);
    if (!query)
        co_return std::unexpected(query.error());
    const auto log = egress.desk.log();
    if (!log)
        co_return std::unexpected(log.error());
    if (egress.match.flag("follow"))
        co_return co_await followLog(egress, **log, *query);
    const auto page = co_await (*log)->query(*query);
    if (!page)
        co_return std::unexpected(page.error());
    co_return co_await egress.respond(*page);
}

Task<Result<void>> showHar(Egress egress)
{
    const auto log = egress.desk.log();
    if (!log)
        co_return std::unexpected(log.error());
    if (Result<void> started = co_await egress.connection.startBody(200, "application/json");
        !started)
        co_return Result<void>{};
    const Result<void> written = co_await (*log)->har(
        [&](std::string_view piece) { return egress.connection.writeBody(piece); });
    // One that broke off must not look whole: it ends without its last chunk.
    if (written)
        co_await egress.connection.endBody();
    co_return Result<void>{};
}

} // namespace

bool isEgressOperation(std::string_view operation)
{
    for (const std::string_view known : {"showPolicy", "putPolicy", "patchPolicy", "explainEgress",
                                         "listPrompts", "answerPrompt", "egressLog", "egressHar"}) {
        if (operation == known)
            return true;
    }
    return false;
}

Task<Result<void>> serveEgress(api::ServerConnection& connection, const api::RequestHead& head,
                               const api::RouteMatch& match, EgressDesk desk)
{
    Egress egress{connection, head, match, desk};
    const std::string_view operation = match.route->operation;
    if (operation == "showPolicy")
        co_return co_await showPolicy(egress);
    if (operation == "putPolicy")
        co_return co_await putPolicy(egress);
    if (operation == "patchPolicy")
        co_return co_await patchPolicy(egress);
    if (operation == "explainEgress")
        co_return co_await explainEgress(egress);
    if (operation == "listPrompts")
        co_return co_await listPrompts(egress);
    if (operation == "answerPrompt")
        co_return co_await answerPrompt(egress);
    if (operation == "egressLog")
        co_return co_await showLog(egress);
    if (operation == "egressHar")
        co_return co_await showHar(egress);
    co_return fail(ErrorCode::Internal, "not an egress route: " + std::string(operation));
}

} // namespace caisson::keeper
