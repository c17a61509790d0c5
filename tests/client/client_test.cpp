// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/client/client.h"

#include "backend/api/codec.h"
#include "backend/api/http_server.h"
#include "backend/api/routes.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <functional>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::client;
using api::Task;

namespace {

/// A service that answers each connection by the next line of a script.
class ScriptedTransport : public Transport
{
public:
    using Answer = std::function<Task<void>(api::ServerConnection&, const api::RequestHead&)>;

    explicit ScriptedTransport(api::asio::io_context& context)
        : m_context(context)
    {
    }

    std::vector<Answer> answers;
    std::vector<std::string> asked;

    Task<Result<api::Socket>> connect() override
    {
        api::Socket ours(m_context);
        api::Socket theirs(m_context);
        api::asio::local::connect_pair(ours, theirs);
        api::spawnDetached(m_context.get_executor(), serve(std::move(theirs)), "script");
        co_return ours;
    }

private:
    Task<void> serve(api::Socket socket)
    {
        api::ServerConnection connection(std::move(socket));
        const auto head = co_await connection.readHead();
        if (!head)
            co_return;
        const std::size_t line = asked.size();
        asked.push_back(head->method + " " + head->target);
        // Beyond its script the service hangs up without a word.
        if (line < answers.size() && answers[line])
            co_await answers[line](connection, *head);
    }

    api::asio::io_context& m_context;
};

ScriptedTransport::Answer json(int status, std::string body)
{
    return [=](api::ServerConnection& connection, const api::RequestHead&) -> Task<void> {
        co_await connection.readBody();
        co_await connection.respond({status, "application/json", body});
    };
}

class ClientTest : public testing::Test
{
protected:
    template<class T>
    Result<T> run(Task<Result<T>> call)
    {
        Result<T> outcome = fail(ErrorCode::Internal, "the call did not return");
        api::asio::co_spawn(
            context,
            [](Task<Result<T>> task, Result<T>& into) -> Task<void> {
                into = co_await std::move(task);
            }(std::move(call), outcome),
            [](const std::exception_ptr& exception) {
                if (exception)
                    std::rethrow_exception(exception);
            });
        context.restart();
        context.run();
        return outcome;
    }

    api::asio::io_context context;
    std::shared_ptr<ScriptedTransport> service = std::make_shared<ScriptedTransport>(context);
    Client client{service};
};

} // namespace

TEST_F(ClientTest, TurnsAnswersIntoValuesAndErrorsIntoErrors)
{
    api::Sandbox web;
    web.id = "0123456789ab";
    web.name = "web";
    service->answers = {
        json(200, api::toJson(web)),
        json(404, api::errorToJson({ErrorCode::NotFound, "there is no sandbox \"x\"", {}})),
        json(200, "<html>"), json(200, R"({"surprise": 1})")};
    EXPECT_EQ(run(client.showSandbox("web")), web);
    const auto missing = run(client.showSandbox("a b/c"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_EQ(missing.error().message, "there is no sandbox \"x\"");
    EXPECT_FALSE(run(client.showSandbox("web")));
    EXPECT_FALSE(run(client.showSandbox("web")));
    EXPECT_EQ(service->asked[1], "GET /v1/sandboxes/a%20b%2Fc");
}

TEST_F(ClientTest, LooksAgainWhenTheServiceDiesBeforeItAnswers)
{
    service->answers = {nullptr, json(200, api::toJson(api::SandboxList{}))};
    EXPECT_TRUE(run(client.listSandboxes()));
    EXPECT_EQ(service->asked.size(), 2u);
}

TEST_F(ClientTest, NeverActsTwice)
{
    service->answers = {nullptr, json(201, api::toJson(api::Sandbox{}))};
    const auto created = run(client.createSandbox({}));
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(service->asked.size(), 1u);
}

TEST_F(ClientTest, SendsAFileWithItsCondition)
{
    std::string body;
    std::string ifMatch;
    api::FileEntry entry;
    entry.name.bytes = "x";
    entry.etag = "\"2\"";
    service->answers = {
        [&](api::ServerConnection& connection, const api::RequestHead& head) -> Task<void> {
            ifMatch = head.header("if-match").value_or("");
            body = (co_await connection.readBody()).value_or("broken");
            co_await connection.respond({200, "application/json", api::toJson(entry)});
        }};
    const auto put = [&]() -> Task<Result<api::FileEntry>> {
        auto upload = co_await client.putFile("web", "/a/\xff", {"\"1\"", false});
        if (!upload)
            co_return std::unexpected(upload.error());
        co_await upload->write("one ");
        co_await upload->write("two");
        co_return co_await upload->finish();
    };
    const auto written = run(put());
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(written->etag, "\"2\"");
    EXPECT_EQ(body, "one two");
    EXPECT_EQ(ifMatch, "\"1\"");
    EXPECT_EQ(service->asked.front(), "PUT /v1/sandboxes/web/files/a/%FF");
}

TEST_F(ClientTest, DoesNotTakeAHalfFileForAWholeOne)
{
    service->answers = {
        [](api::ServerConnection& connection, const api::RequestHead&) -> Task<void> {
            co_await connection.startBody(200, "application/octet-stream", {{"ETag", "\"1\""}});
            co_await connection.writeBody("half");
        }};
    const auto get = [&]() -> Task<Result<std::string>> {
        auto download = co_await client.openFile("web", "/x");
        if (!download)
            co_return std::unexpected(download.error());
        EXPECT_EQ(download->etag(), "\"1\"");
        co_return co_await download->readAll(1000);
    };
    EXPECT_FALSE(run(get()));
}

TEST_F(ClientTest, AsksForTheRowsItIsToldTo)
{
    api::EgressLog log;
    log.entries = {{.id = 9, .verdict = "deny"}};
    service->answers = {
        json(200, api::toJson(log)), json(200, api::toJson(log)),
        [](api::ServerConnection& connection, const api::RequestHead&) -> Task<void> {
            co_await connection.startEvents();
            co_await connection.writeBody(
                api::encodeSse({"10", "", api::toJson(api::EgressEntry{.id = 10})}) +
                api::encodeSse({"12", "", api::toJson(api::EgressEntry{.id = 8})}));
            co_await connection.endBody();
        }};
    ASSERT_TRUE(run(client.egressLog("web", {})));
    const auto some = run(client.egressLog(
        "web", {.before = 7, .limit = 5, .text = "a b&c", .verdict = "deny", .host = "x.example"}));
    ASSERT_TRUE(some);
    EXPECT_EQ(some->entries, log.entries);
    const auto follow = [&]() -> Task<Result<api::EgressEntry>> {
        auto stream = co_await client.followEgressLog("web", {.after = 9});
        if (!stream)
            co_return std::unexpected(stream.error());
        auto first = co_await stream->next();
        EXPECT_EQ(stream->cursor(), 10);
        // One that had come before, and is over.
        const auto ended = co_await stream->next();
        EXPECT_EQ(ended ? ended->id : 0, 8);
        EXPECT_EQ(stream->cursor(), 12);
        EXPECT_FALSE(co_await stream->next());
        co_return first;
    };
    const auto entry = run(follow());
    ASSERT_TRUE(entry) << entry.error().message;
    EXPECT_EQ(entry->id, 10);
    EXPECT_EQ(service->asked[0], "GET /v1/sandboxes/web/egress/log");
    EXPECT_EQ(service->asked[1], "GET /v1/sandboxes/web/egress/log?before=7&limit=5&text=a%20b%26c"
                                 "&verdict=deny&host=x.example");
    EXPECT_EQ(service->asked[2], "GET /v1/sandboxes/web/egress/log?follow=1&after=9");
    for (const std::string& asked : service->asked)
        EXPECT_TRUE(api::matchRoute("GET", asked.substr(4))) << asked;
}

TEST_F(ClientTest, AnswersAPrompt)
{
    std::string body;
    service->answers = {
        [&](api::ServerConnection& connection, const api::RequestHead&) -> Task<void> {
            body = (co_await connection.readBody()).value_or("broken");
            co_await connection.respond(
                {200, "application/json", R"({"verdict":"allow","rule":"r1","count":2})"});
        },
        json(410, api::errorToJson({ErrorCode::Gone, "somebody else has answered: denied", {}}))};
    const api::AnswerPrompt answer{.verdict = "allow", .scope = "path", .duration = "15m"};
    const auto answered = run(client.answerPrompt("web", "p1", answer));
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->rule, "r1");
    EXPECT_EQ(body, R"({"for":"15m","scope":"path","verdict":"allow"})");
    const auto second = run(client.answerPrompt("web", "p1", answer));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Gone);
    EXPECT_EQ(service->asked.back(), "POST /v1/sandboxes/web/egress/prompts/p1");
}
