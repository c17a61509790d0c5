// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_fixture.h"

#include <boost/asio/co_spawn.hpp>

namespace caisson::keeper {

void LogTest::open(std::int64_t maxBytes)
{
    log.reset();
    Result<std::unique_ptr<RequestLog>> opened =
        RequestLog::open(context.get_executor(), path, maxBytes);
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
}

void LogTest::run(api::Task<void> script)
{
    std::exception_ptr failure;
    api::asio::co_spawn(context, std::move(script),
                        [&](const std::exception_ptr& exception) { failure = exception; });
    context.restart();
    context.run();
    if (failure)
        std::rethrow_exception(failure);
}

api::EgressLog LogTest::query(LogQuery query)
{
    api::EgressLog found;
    run([](LogTest& self, LogQuery asked, api::EgressLog& into) -> api::Task<void> {
        Result<api::EgressLog> answer = co_await self.log->query(std::move(asked));
        if (!answer)
            throw std::runtime_error(answer.error().message);
        into = std::move(*answer);
    }(*this, std::move(query), found));
    return found;
}

std::string LogTest::har()
{
    std::string text;
    run([](LogTest& self, std::string& into) -> api::Task<void> {
        const Result<void> done =
            co_await self.log->har([&into](std::string_view piece) -> api::Task<Result<void>> {
                into += piece;
                co_return Result<void>();
            });
        if (!done)
            throw std::runtime_error(done.error().message);
    }(*this, text));
    return text;
}

api::EgressEntry fullEntry()
{
    api::EgressEntry entry;
    entry.time = "2026-11-26T07:02:21.042Z";
    entry.verdict = "allow";
    entry.rule = "github-read";
    entry.why = "Rule github-read allows GET to api.github.com.";
    entry.method = "GET";
    entry.scheme = "https";
    entry.host = "api.github.com";
    entry.port = 443;
    entry.path = "/repos/a";
    entry.query = "page=2&q=a%20b&empty&=x&&z=";
    entry.status = 200;
    entry.bytesOut = 12;
    entry.bytesIn = 3456;
    entry.ms = 78.25;
    entry.generation = 9;
    entry.process = {17,
                     "/usr/bin/git",
                     "git fetch --all",
                     {{16, "/usr/bin/bash", "bash -l"}, {3, "/usr/bin/node", "node agent.js"}}};
    entry.terminal = "t1";
    entry.exec = "x2";
    entry.secret = "github";
    entry.flag = "masked";
    entry.protocol = "h2";
    entry.address = "203.0.113.7";
    entry.contentType = "application/json; charset=utf-8";
    return entry;
}

} // namespace caisson::keeper
