// SPDX-License-Identifier: GPL-3.0-or-later
// Requests that wait, break off, or come too early or too late.
#include "tests/keeper/egress/http/http1_fixture.h"
#include "tests/keeper/egress/http/http1_joined.h"
#include "tests/keeper/egress/http/reference_http1.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <format>
#include <gtest/gtest.h>

namespace caisson::keeper::http::testing {
namespace {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

using Http1ExchangeTest = Http1Joined;

/// Waits until the request is held, and says what its connection looks like.
TEST_F(Http1ExchangeTest, ARequestThatWasHeldGoesOn)
{
    api::Notifier answered(m_context.get_executor());
    bool isHeld = false;
    bool wasGone = true;
    serve([&](RequestHead& head, Body& body, Responder& responder) -> Task<void> {
        isHeld = true;
        const auto outcome = co_await (answered.wait() || responder.waitGone());
        EXPECT_EQ(outcome.index(), 0u);
        wasGone = responder.isGone();
        co_await forward(*upstream, head, body, responder);
    });
    for (int round = 0; round < 2; ++round) {
        spawn(client.send({"POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nabcd"}));
        run();
        ASSERT_TRUE(isHeld);
        ASSERT_TRUE(origin.stream->isQuiet()) << "nothing leaves while it is held";
        answered.notifyAll();
        run();
        EXPECT_FALSE(wasGone);
        spawn(client.send({"efgh"}));
        spawn(origin.readToEnd());
        run();
        EXPECT_TRUE(origin.got.ends_with("abcdefgh")) << origin.got;
        spawn(origin.send({"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"}));
        spawn(client.readToEnd());
        run();
        EXPECT_TRUE(client.got.ends_with("ok")) << client.got;
        EXPECT_FALSE(isServed) << "its connection is kept";
        break;
    }
}

TEST_F(Http1ExchangeTest, WhoeverHoldsARequestLearnsThatItIsGone)
{
    bool isGone = false;
    serve([&](RequestHead&, Body&, Responder& responder) -> Task<void> {
        EXPECT_FALSE(responder.isGone());
        co_await responder.waitGone();
        isGone = responder.isGone();
        responder.abort();
    });
    spawn(client.send(
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n", std::string(2000, 'x')}));
    run();
    EXPECT_FALSE(isGone);
    client.stream->cancel(Stream::Ending::Close);
    run();
    EXPECT_TRUE(isGone);
    EXPECT_TRUE(isServed);
}

/// `printf 'GET …' | nc` has said all when it is held, and waits; it was taken for gone at once.
TEST_F(Http1ExchangeTest, WhoeverHasSaidAllIsNotGone)
{
    bool isGone = false;
    serve([&](RequestHead&, Body&, Responder& responder) -> Task<void> {
        co_await responder.waitGone();
        isGone = responder.isGone();
        responder.abort();
    });
    spawn([](Stream& stream) -> Task<void> {
        EXPECT_TRUE(co_await stream.write(std::string_view("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
        co_await stream.finish();
    }(*client.stream));
    run();
    EXPECT_FALSE(isGone);
    EXPECT_FALSE(isServed);
    client.stream->cancel(Stream::Ending::Close);
    m_context.restart();
    while (!isServed && m_context.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    EXPECT_TRUE(isGone);
    EXPECT_TRUE(isServed);
}

TEST_F(Http1ExchangeTest, AnAnswerThatBreaksOffIsNoWholeOne)
{
    serveByForwarding();
    spawn(client.send({"GET / HTTP/1.1\r\nHost: h\r\n\r\n"}));
    spawn(client.readToEnd());
    spawn(origin.send({"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"}));
    run();
    EXPECT_FALSE(client.hasEnded);
    origin.stream->cancel(Stream::Ending::Close);
    run();
    EXPECT_TRUE(client.wasReset) << "a reset, not an end";
}

TEST_F(Http1ExchangeTest, AnAnswerOverTheLengthOrBesideItIsNotMixedUpWithTheNext)
{
    serveByForwarding();
    spawn(client.readToEnd());
    spawn(client.send({"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"}));
    // The origin says more than was asked.
    spawn(origin.send({"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
                       "content-length: 6\r\n\r\npoison"}));
    run();
    EXPECT_TRUE(client.got.ends_with("ok")) << client.got;
    EXPECT_FALSE(upstream->isOpen());
    EXPECT_FALSE(upstream->hasRoom());
    EXPECT_TRUE(upstream->isIdle());
}

TEST_F(Http1ExchangeTest, AKeptConnectionThatSpeaksOrEndsUnaskedIsNotUsed)
{
    EXPECT_TRUE(upstream->hasRoom());
    spawn(origin.send({"HTTP/1.1 408 \r\n\r\n"}));
    run();
    EXPECT_FALSE(upstream->hasRoom());
}

/// An origin may answer before it has all of the request; then its connection is of no more use.
TEST_F(Http1ExchangeTest, AnEarlyAnswerEndsTheConnection)
{
    const auto exchange = upstream->open();
    RequestHead head;
    head.method = "POST";
    head.authority = "h";
    head.target = "/";
    head.length = 100;
    head.hasBody = true;
    spawn([](UpstreamExchange& at, const RequestHead& sent) -> Task<void> {
        EXPECT_TRUE(co_await at.sendHead(sent, "http"));
        EXPECT_TRUE(co_await at.sendBody(std::string_view("only this")));
        const auto answer = co_await at.response();
        EXPECT_TRUE(answer && answer->status == 413);
        EXPECT_FALSE(answer->hasBody);
    }(*exchange, head));
    spawn(origin.send({"HTTP/1.1 413 \r\ncontent-length: 0\r\n\r\n"}));
    run();
    const_cast<std::unique_ptr<UpstreamExchange>&>(exchange).reset();
    EXPECT_FALSE(upstream->isOpen());
}

TEST_F(Http1ExchangeTest, ABodyIsAsLongAsItSays)
{
    for (const std::string_view body : {"short", "far too long for it"}) {
        auto [outside, end] = makeStreamPair(m_context.get_executor(), 4096);
        const auto connection = makeHttp1Upstream(std::move(outside), [] {});
        auto exchange = connection->open();
        RequestHead head;
        head.method = "POST";
        head.authority = "h";
        head.target = "/";
        head.length = 10;
        head.hasBody = true;
        bool hasFailed = false;
        spawn([](UpstreamExchange& at, const RequestHead& sent, std::string_view bytes,
                 bool& failed) -> Task<void> {
            EXPECT_TRUE(co_await at.sendHead(sent, "http"));
            const bool isWritten = (co_await at.sendBody(bytes)).has_value();
            failed = !isWritten || !co_await at.finishBody({});
        }(*exchange, head, body, hasFailed));
        run();
        EXPECT_TRUE(hasFailed) << body;
        exchange.reset();
        EXPECT_FALSE(connection->isOpen()) << body;
    }
}

/// A kept connection may be closed by the origin in the moment it is used once more.
TEST_F(Http1ExchangeTest, OnlyWhatWasNotSeenMayBeSentAgain)
{
    struct Row
    {
        const char* name;
        const char* method;
        std::string answer; ///< of the origin to the second request
        bool mayRetry;
    };
    const Row rows[] = {
        {"closed", "GET", "", true},
        {"closed, of a method that does something", "POST", "", false},
        {"closed, of a method that may be repeated", "DELETE", "", true},
        {"half a head", "GET", "HTTP/1.1 200", false},
        {"no HTTP", "GET", "what?\r\n\r\n", false},
        {"two lengths", "GET", "HTTP/1.1 200 \r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
         false},
        {"only an interim answer", "GET", "HTTP/1.1 103 \r\n\r\n", false},
    };
    for (const Row& row : rows) {
        auto [outside, end] = makeStreamPair(m_context.get_executor(), 4096);
        const auto connection = makeHttp1Upstream(std::move(outside), [] {});
        RequestHead head;
        head.method = row.method;
        head.authority = "h";
        head.target = "/";
        auto first = connection->open();
        End far{std::move(end)};
        spawn(far.readToEnd());
        spawn([](UpstreamExchange& at, const RequestHead& sent) -> Task<void> {
            EXPECT_TRUE(co_await at.sendHead(sent, "http"));
            EXPECT_FALSE(at.mayRetry()) << "of a connection that is new";
            EXPECT_TRUE(co_await at.response());
        }(*first, head));
        spawn(far.send({"HTTP/1.1 204 No Content\r\n\r\n"}));
        run();
        first.reset();
        ASSERT_TRUE(connection->hasRoom()) << row.name;
        auto second = connection->open();
        bool hasFailed = false;
        spawn([](UpstreamExchange& at, const RequestHead& sent, bool& failed) -> Task<void> {
            EXPECT_TRUE(co_await at.sendHead(sent, "http"));
            for (;;) {
                const auto answer = co_await at.response();
                failed = !answer;
                if (failed || answer->status / 100 != 1)
                    co_return;
            }
        }(*second, head, hasFailed));
        run();
        spawn(far.send({row.answer}));
        run();
        far.stream->cancel(Stream::Ending::Close);
        run();
        EXPECT_TRUE(hasFailed) << row.name;
        EXPECT_EQ(second->mayRetry(), row.mayRetry) << row.name;
        second->abort();
        EXPECT_FALSE(second->mayRetry()) << row.name << ": what was broken off on purpose";
    }
}

/// Thousands of heads of 60 kB that never ended were held for as long as their clients liked.
TEST_F(Http1ExchangeTest, AHeadThatDoesNotComeWholeIsNotWaitedForForEver)
{
    const Handler handler = [](RequestHead&, Body&, Responder& responder) -> Task<void> {
        ResponseHead head;
        head.status = 204;
        head.hasBody = false;
        std::ignore = co_await responder.head(head);
    };
    serve(handler, {.head = 30ms, .idle = 60s});
    spawn(client.send({"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost"}));
    spawn(client.readToEnd());
    m_context.restart();
    while (!client.hasEnded && m_context.run_one() > 0) {
    }
    run();
    EXPECT_TRUE(client.got.starts_with("HTTP/1.1 204 ")) << client.got;
    EXPECT_TRUE(client.wasReset);
    EXPECT_EQ(malformed, std::vector{ErrorCode::Timeout});
}

TEST_F(Http1ExchangeTest, AConnectionOnWhichNothingComesEnds)
{
    serve([](RequestHead&, Body&, Responder&) -> Task<void> { co_return; },
          {.head = 60s, .idle = 30ms});
    spawn(client.readToEnd());
    m_context.restart();
    while (!client.hasEnded && m_context.run_one() > 0) {
    }
    EXPECT_FALSE(client.wasReset);
    EXPECT_TRUE(malformed.empty());
    run();
    EXPECT_TRUE(isServed);
}

} // namespace
} // namespace caisson::keeper::http::testing
