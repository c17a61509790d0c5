// SPDX-License-Identifier: GPL-3.0-or-later
// What is written, to the client and to the origin.
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

using Http1AnswerTest = Http1Joined;

TEST_F(Http1AnswerTest, FieldsOfOneHopStayWhereTheyAre)
{
    serveByForwarding();
    spawn(client.send({"GET / HTTP/1.1\r\nHost: h\r\nConnection: x-mine, close\r\nX-Mine: 1\r\n"
                       "Keep-Alive: 1\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: x\r\n"
                       "TE: gzip\r\nTrailer: x\r\nUpgrade: foo\r\nHTTP2-Settings: AAAA\r\n"
                       "X-Kept: 2\r\n\r\n"}));
    spawn(origin.readToEnd());
    run();
    EXPECT_EQ(origin.got, "GET / HTTP/1.1\r\nhost: h\r\nx-kept: 2\r\n\r\n");
    spawn(client.readToEnd());
    spawn(origin.send(
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive, x-theirs\r\nX-Theirs: 1\r\n"
         "Keep-Alive: timeout=5\r\nUpgrade: h2c\r\nX-Kept: 3\r\nContent-Length: 0\r\n\r\n"}));
    run();
    EXPECT_EQ(client.got, "HTTP/1.1 200 OK\r\nx-kept: 3\r\ncontent-length: 0\r\n"
                          "connection: close\r\n\r\n");
}

/// Of all protocols that a connection could be switched to, one carries no requests that would
/// then pass unseen: h2c and HTTP over TLS do (h2c smuggling, 2020).
TEST_F(Http1AnswerTest, OnlyWebSocketIsAWayOutOfHttp)
{
    struct Row
    {
        const char* head;
        const char* asked;
    };
    const Row rows[] = {
        {"Connection: Upgrade\r\nUpgrade: WebSocket\r\n", "websocket"},
        {"Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n", "websocket"},
        {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n", ""},
        {"Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n", ""},
        {"Upgrade: websocket\r\n", ""},
    };
    std::string asked;
    serve([&](RequestHead& head, Body&, Responder& responder) -> Task<void> {
        asked = head.upgrade;
        ResponseHead answer;
        answer.status = 204;
        answer.hasBody = false;
        std::ignore = co_await responder.head(answer);
    });
    spawn(client.readToEnd());
    for (const Row& row : rows) {
        asked = "none";
        spawn(client.send({std::format("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", row.head)}));
        run();
        EXPECT_EQ(asked, row.asked) << row.head;
    }
}

TEST_F(Http1AnswerTest, ASwitchThatWasNotAskedForIsNoAnswer)
{
    auto exchange = upstream->open();
    RequestHead head;
    head.method = "GET";
    head.authority = "h";
    head.target = "/";
    bool isRefused = false;
    spawn([](UpstreamExchange& at, const RequestHead& sent, bool& refused) -> Task<void> {
        EXPECT_TRUE(co_await at.sendHead(sent, "http"));
        const auto answer = co_await at.response();
        refused = !answer && answer.error().code == ErrorCode::BadRequest;
    }(*exchange, head, isRefused));
    spawn(origin.send(
        {"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"}));
    run();
    EXPECT_TRUE(isRefused);
    exchange.reset();
    EXPECT_FALSE(upstream->isOpen());
}

TEST_F(Http1AnswerTest, AWebSocketIsABytePipeFromItsAnswerOn)
{
    std::int64_t carried = 0;
    serve([&](RequestHead& head, Body&, Responder& responder) -> Task<void> {
        const auto exchange = upstream->open();
        EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
        const auto answer = co_await exchange->response();
        EXPECT_TRUE(answer && answer->status == 101);
        EXPECT_TRUE(co_await responder.head(*answer));
        Stream* inside = responder.takeOver();
        Stream* outside = exchange->takeOver();
        std::array<char, 100> room;
        const auto fromOrigin = co_await outside->read(room);
        EXPECT_TRUE(co_await inside->write(std::span(room).first(fromOrigin.value_or(0))));
        const auto fromClient = co_await inside->read(room);
        EXPECT_TRUE(co_await outside->write(std::span(room).first(fromClient.value_or(0))));
        carried = static_cast<std::int64_t>(*fromOrigin + *fromClient);
    });
    spawn(
        client.send({"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Key: x\r\n\r\n\x01up"}));
    spawn(origin.send(
        {"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x02"
         "down"}));
    spawn(client.readToEnd());
    spawn(origin.readToEnd());
    run();
    EXPECT_EQ(carried, 8);
    EXPECT_EQ(origin.got, "GET /ws HTTP/1.1\r\nhost: h\r\nsec-websocket-key: x\r\n"
                          "connection: upgrade\r\nupgrade: websocket\r\n\r\n\x01up");
    EXPECT_EQ(
        client.got,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\x02"
        "down");
}

/// Servers that merge trailers into the head would take these for what the sandbox may not say.
TEST_F(Http1AnswerTest, TrailersSayNothingThatAHeadShould)
{
    serveByForwarding();
    spawn(client.send({"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                       "Host: other\r\n"
                       "Authorization: Bearer x\r\nConnection: close\r\nCookie: a\r\n"
                       "X-Sum: 1\r\n\r\n"}));
    spawn(origin.readToEnd());
    run();
    EXPECT_EQ(origin.got, "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"
                          "x-sum: 1\r\n\r\n");
}

/// Whatever version a request came in, what is written is one message.
TEST_F(Http1AnswerTest, NothingSplitsTheHeadThatIsWritten)
{
    const auto refuses = [&](RequestHead head) {
        auto [outside, end] = makeStreamPair(m_context.get_executor(), 4096);
        const auto connection = makeHttp1Upstream(std::move(outside), [] {});
        auto exchange = connection->open();
        bool isRefused = false;
        spawn([](UpstreamExchange& at, const RequestHead& sent, bool& refused) -> Task<void> {
            refused = !co_await at.sendHead(sent, "http");
        }(*exchange, head, isRefused));
        run();
        return isRefused && end->isQuiet();
    };
    RequestHead good;
    good.method = "GET";
    good.authority = "h";
    good.target = "/";
    EXPECT_FALSE(refuses(good));
    for (const std::string_view bad : {"a\r\nb: c", "a\nb", "a\rb"}) {
        RequestHead head = good;
        head.fields = {{"x", std::string(bad)}};
        EXPECT_TRUE(refuses(head));
        head = good;
        head.fields = {{std::string(bad), "x"}};
        EXPECT_TRUE(refuses(head));
        head = good;
        head.method = bad;
        EXPECT_TRUE(refuses(head));
        head = good;
        head.target = "/" + std::string(bad);
        EXPECT_TRUE(refuses(head));
        head = good;
        head.authority = bad;
        EXPECT_TRUE(refuses(head));
    }
    RequestHead spaced = good;
    spaced.target = "/ HTTP/1.1";
    EXPECT_TRUE(refuses(spaced));
}

/// A packet, and over TLS a record, costs more than the bytes of a usual answer.
TEST_F(Http1AnswerTest, WhatIsLittleIsWrittenAtOnceOrWhenItIsAskedFor)
{
    ScriptedStream stream(
        {"GET /at-once HTTP/1.1\r\nHost: h\r\n\r\n", "GET /asked HTTP/1.1\r\nHost: h\r\n\r\n"});
    const std::string begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                              "3\r\none\r\n3\r\ntwo\r\n";
    const auto take = [&] { return std::exchange(stream.written, {}); };
    const Handler handler = [&](RequestHead& head, Body&, Responder& responder) -> Task<void> {
        ResponseHead answer;
        answer.status = 200;
        EXPECT_TRUE(co_await responder.head(answer));
        EXPECT_TRUE(co_await responder.write(std::string_view("one")));
        EXPECT_TRUE(co_await responder.write(std::string_view("two")));
        EXPECT_EQ(take(), "");
        if (head.target == "/asked") {
            EXPECT_TRUE(co_await responder.flush());
            EXPECT_EQ(take(), begun);
        }
        stream.writes = 0;
        EXPECT_TRUE(co_await responder.finish({}));
        EXPECT_EQ(take(), (head.target == "/asked" ? "" : begun) + "0\r\n\r\n");
        EXPECT_EQ(stream.writes, 1u);
    };
    spawn(serveHttp1(stream, "", handler));
    run();
    EXPECT_TRUE(stream.isFinished);
}

/// A refused upload: who sends on while it is refused still gets to read why.
TEST_F(Http1AnswerTest, AnswersThatEndAConnectionAreNotLost)
{
    serve([&](RequestHead&, Body&, Responder& responder) -> Task<void> {
        ResponseHead answer;
        answer.status = 403;
        answer.length = 2;
        EXPECT_TRUE(co_await responder.head(answer));
        EXPECT_TRUE(co_await responder.write(std::string_view("no")));
        EXPECT_TRUE(co_await responder.finish({}));
    });
    bool isSent = false;
    spawn([](End& at, bool& sent) -> Task<void> {
        const std::string piece(1000, 'x');
        EXPECT_TRUE(co_await at.stream->write(
            std::string_view("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 700000\r\n\r\n")));
        for (int i = 0; i < 700; ++i) {
            if (!co_await at.stream->write(piece))
                co_return;
        }
        sent = true;
    }(client, isSent));
    run();
    spawn(client.readToEnd());
    run();
    EXPECT_TRUE(isSent);
    EXPECT_TRUE(client.got.ends_with("no")) << client.got;
    EXPECT_FALSE(client.wasReset);
}

TEST_F(Http1AnswerTest, AnswersToOldClientsAreWhatTheyKnow)
{
    serveByForwarding();
    spawn(client.send({"GET / HTTP/1.0\r\nHost: h\r\n\r\n"}));
    spawn(client.readToEnd());
    spawn(origin.send({"HTTP/1.1 103 \r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
                       "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"}));
    run();
    EXPECT_EQ(client.got, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok");
    EXPECT_TRUE(client.hasEnded && !client.wasReset);
}

TEST_F(Http1AnswerTest, AnswersWithoutABodyHaveNoLengthWhereTheyMayNot)
{
    serveByForwarding();
    spawn(client.send({"GET / HTTP/1.1\r\nHost: h\r\n\r\n"}));
    spawn(client.readToEnd());
    spawn(origin.send({"HTTP/1.1 204 OK\r\ncontent-length: 5\r\n\r\n"}));
    run();
    EXPECT_EQ(client.got, "HTTP/1.1 204 No Content\r\n\r\n");
}

} // namespace
} // namespace caisson::keeper::http::testing
