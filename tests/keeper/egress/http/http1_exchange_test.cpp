// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/exchange.h"

#include "tests/keeper/egress/http/http1_fixture.h"
#include "tests/keeper/egress/http/reference_http1.h"
#include "tests/support/stream_pair.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <format>
#include <gtest/gtest.h>

namespace caisson::keeper::http::testing {
namespace {

using api::Task;
using keeper::makeStreamPair;
using keeper::PairedStream;
using namespace api::asio::experimental::awaitable_operators;

/// Carries a request the plain way: all of it there, then all of the answer back.
Task<void> forward(UpstreamConnection& upstream, RequestHead& head, Body& body,
                   Responder& responder)
{
    const auto exchange = upstream.open();
    if (!co_await exchange->sendHead(head, "http")) {
        responder.abort();
        co_return;
    }
    while (head.hasBody) {
        const auto bytes = co_await body.next();
        if (!bytes) {
            responder.abort();
            co_return;
        }
        if (bytes->empty())
            break;
        if (!co_await exchange->sendBody(*bytes)) {
            responder.abort();
            co_return;
        }
    }
    if (head.hasBody && !co_await exchange->finishBody(body.trailers())) {
        responder.abort();
        co_return;
    }
    for (;;) {
        const auto answer = co_await exchange->response();
        if (!answer) {
            responder.abort();
            co_return;
        }
        if (answer->status / 100 == 1) {
            std::ignore = co_await responder.inform(*answer);
            continue;
        }
        if (!co_await responder.head(*answer) || !answer->hasBody)
            co_return;
        break;
    }
    for (;;) {
        if (!exchange->body().isReady())
            std::ignore = co_await responder.flush();
        const auto bytes = co_await exchange->body().next();
        if (!bytes || (!bytes->empty() && !co_await responder.write(*bytes))) {
            responder.abort();
            co_return;
        }
        if (bytes->empty())
            break;
    }
    std::ignore = co_await responder.finish(exchange->body().trailers());
}

/// One end of a connection in memory, and what came from it so far.
struct End
{
    std::unique_ptr<PairedStream> stream;
    std::string got = {};
    bool hasEnded = false;
    bool wasReset = false;

    Task<bool> readSome()
    {
        std::array<char, 777> room;
        const auto size = co_await stream->read(room);
        if (!size || *size == 0) {
            hasEnded = true;
            wasReset = !size;
            co_return false;
        }
        got.append(room.data(), *size);
        co_return true;
    }
    Task<void> readToEnd()
    {
        while (co_await readSome()) {
        }
    }
    Task<void> send(std::vector<std::string> pieces)
    {
        for (const std::string& piece : pieces) {
            if (!co_await stream->write(piece))
                co_return;
        }
    }
};

/// Client, server side, upstream side and origin, joined in memory.
class Http1ExchangeTest : public ::testing::Test
{
protected:
    Http1ExchangeTest()
    {
        auto [inside, served] = makeStreamPair(m_context.get_executor(), 600);
        auto [outside, origin] = makeStreamPair(m_context.get_executor(), 500);
        client.stream = std::move(inside);
        this->origin.stream = std::move(origin);
        m_served = std::move(served);
        upstream = makeHttp1Upstream(std::move(outside), [this] { ++changes; });
    }

    ~Http1ExchangeTest() override
    {
        client.stream.reset();
        origin.stream.reset();
        upstream->close();
        m_context.restart();
        m_context.poll();
    }

    void spawn(Task<void> task)
    {
        api::asio::co_spawn(m_context, std::move(task), [](std::exception_ptr thrown) {
            if (thrown)
                std::rethrow_exception(thrown);
        });
    }

    /// Serves the client by `handler` until the end of its connection.
    void serve(Handler handler)
    {
        spawn([](Http1ExchangeTest* self, Handler by) -> Task<void> {
            co_await serveHttp1(*self->m_served, "", std::move(by));
            self->isServed = true;
            self->m_served.reset();
        }(this, std::move(handler)));
    }
    void serveByForwarding()
    {
        serve([this](RequestHead& head, Body& body, Responder& responder) {
            return forward(*upstream, head, body, responder);
        });
    }

    /// Until nothing happens any more.
    void run()
    {
        m_context.restart();
        m_context.poll();
    }

    api::asio::io_context m_context;
    End client;
    End origin;
    std::shared_ptr<UpstreamConnection> upstream;
    std::unique_ptr<PairedStream> m_served;
    int changes = 0;
    bool isServed = false;
};

/// What a server may leave out, in another order or spell differently, made the same.
void normalise(ReferenceMessage& message)
{
    std::erase_if(message.fields, [](const auto& field) {
        return field.first == "content-length" || field.first == "transfer-encoding" ||
               field.first == "connection" || field.first == "host";
    });
}

std::string randomText(std::mt19937& random, std::size_t most, bool isBinary)
{
    std::string text(random() % (most + 1), 'a');
    for (char& c : text)
        c = isBinary ? static_cast<char>(random())
                     : "abcdefghijklmnopqrstuvwxyz0123456789-_"[random() % 38];
    return text;
}

std::string chunked(std::string_view body, std::mt19937& random)
{
    std::string text;
    while (!body.empty()) {
        const std::size_t size = 1 + random() % body.size();
        text += std::format("{}{:x}{}\r\n", random() % 8 == 0 ? "00" : "", size,
                            random() % 8 == 0 ? ";ext=\"1\"" : "");
        text += body.substr(0, size);
        text += "\r\n";
        body.remove_prefix(size);
    }
    return text + (random() % 4 == 0 ? "000" : "0") + "\r\n";
}

struct Sent
{
    std::string bytes;
    ReferenceMessage message;
};

void addFields(Sent& sent, std::mt19937& random)
{
    for (auto count = random() % 6; count > 0; --count) {
        const std::string name = "x-" + randomText(random, 10, false);
        const std::string value = randomText(random, 60, false);
        sent.bytes += std::format("{}:{}{}{}\r\n", name, random() % 2 ? " " : "\t ", value,
                                  random() % 4 == 0 ? " " : "");
        sent.message.fields.emplace_back(name, value);
    }
}

/// Adds the body, in chunks or by length.
void addBody(Sent& sent, std::mt19937& random)
{
    sent.message.body = randomText(random, random() % 5 == 0 ? 20'000 : 300, true);
    if (random() % 2 == 0) {
        sent.bytes += std::format("Content-Length: {}\r\n\r\n", sent.message.body.size());
        sent.bytes += sent.message.body;
        return;
    }
    sent.bytes += "Transfer-Encoding: chunked\r\n\r\n" + chunked(sent.message.body, random);
    for (auto count = random() % 3; count > 0; --count) {
        const std::string name = "x-trailer-" + randomText(random, 4, false);
        const std::string value = randomText(random, 9, false);
        sent.bytes += name + ": " + value + "\r\n";
        sent.message.trailers.emplace_back(name, value);
    }
    sent.bytes += "\r\n";
}

Sent randomRequest(std::mt19937& random)
{
    static const char* const kMethods[] = {"GET",   "POST", "PUT",    "DELETE",
                                           "PATCH", "HEAD", "OPTIONS"};
    Sent sent;
    sent.message.first = kMethods[random() % std::size(kMethods)];
    sent.message.second = "/" + randomText(random, 30, false);
    sent.message.third = "HTTP/1.1";
    sent.bytes = std::format("{} {} HTTP/1.1\r\nHost: example.com\r\n", sent.message.first,
                             sent.message.second);
    addFields(sent, random);
    if (random() % 2 == 0)
        addBody(sent, random);
    else
        sent.bytes += "\r\n";
    return sent;
}

Sent randomAnswer(std::mt19937& random, bool isToHead)
{
    Sent sent;
    static const char* const kStatuses[] = {"200", "201", "204", "304", "404", "500"};
    sent.message.first = "HTTP/1.1";
    sent.message.second = kStatuses[random() % std::size(kStatuses)];
    sent.bytes = "";
    for (auto count = random() % 3; count > 1; --count)
        sent.bytes += "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    sent.bytes += std::format("HTTP/1.1 {} whatever\r\n", sent.message.second);
    addFields(sent, random);
    const bool isBare = isToHead || sent.message.second == "204" || sent.message.second == "304";
    if (isBare)
        sent.bytes +=
            random() % 2 && sent.message.second != "204" ? "Content-Length: 99\r\n\r\n" : "\r\n";
    else
        addBody(sent, random);
    return sent;
}

/// Whatever goes through both sides arrives as it was sent, one message after another on kept
/// connections, however it is framed and cut.
TEST_F(Http1ExchangeTest, WhatIsSentArrives)
{
    std::mt19937 random(42);
    serveByForwarding();
    for (int round = 0; round < 300; ++round) {
        // Several at once: pipelined.
        std::vector<Sent> requests;
        std::vector<Sent> answers;
        std::string bytes;
        for (auto count = 1 + random() % 3; count > 0; --count) {
            requests.push_back(randomRequest(random));
            bytes += requests.back().bytes;
            answers.push_back(randomAnswer(random, requests.back().message.first == "HEAD"));
        }
        spawn(client.send(cutAtRandom(bytes, random)));
        spawn([](End& origin, const std::vector<Sent>& expected, const std::vector<Sent>& sent,
                 std::mt19937& chance) -> Task<void> {
            for (std::size_t i = 0; i < expected.size();) {
                Reference found = parseReference(origin.got, ReferenceKind::Request, false);
                if (found.state == ReferenceState::Bad) {
                    ADD_FAILURE() << origin.got;
                    co_return;
                }
                if (found.state == ReferenceState::Partial) {
                    if (!co_await origin.readSome()) {
                        ADD_FAILURE() << "the origin's connection ended";
                        co_return;
                    }
                    continue;
                }
                origin.got.erase(0, found.size);
                const std::string* host = found.message.field("host");
                EXPECT_TRUE(host && *host == "example.com");
                normalise(found.message);
                EXPECT_EQ(found.message.print(), expected[i].message.print());
                co_await origin.send(cutAtRandom(sent[i].bytes, chance));
                ++i;
            }
        }(origin, requests, answers, random));
        std::size_t arrived = 0;
        spawn([](End& at, const std::vector<Sent>& asked, const std::vector<Sent>& expected,
                 std::size_t& count) -> Task<void> {
            while (count < expected.size()) {
                const auto kind = asked[count].message.first == "HEAD"
                                      ? ReferenceKind::ResponseToHead
                                      : ReferenceKind::Response;
                Reference found = parseReference(at.got, kind, false);
                if (found.state == ReferenceState::Bad) {
                    ADD_FAILURE() << at.got;
                    co_return;
                }
                if (found.state == ReferenceState::Partial) {
                    if (!co_await at.readSome())
                        co_return;
                    continue;
                }
                at.got.erase(0, found.size);
                if (found.message.second == "103")
                    continue;
                found.message.third.clear();
                normalise(found.message);
                EXPECT_EQ(found.message.print(), expected[count].message.print());
                ++count;
            }
        }(client, requests, answers, arrived));
        run();
        ASSERT_EQ(arrived, answers.size()) << "round " << round;
        ASSERT_EQ(origin.got, "");
        ASSERT_EQ(client.got, "");
        ASSERT_FALSE(HasFailure()) << "round " << round;
        ASSERT_TRUE(upstream->hasRoom());
    }
    EXPECT_GE(changes, 300);
}

/// What is refused reaches nobody, and no more is read from its connection.
TEST_F(Http1ExchangeTest, WhatIsMalformedGoesNowhere)
{
    serveByForwarding();
    spawn(client.send(
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"}));
    spawn(client.readToEnd());
    run();
    EXPECT_TRUE(client.got.starts_with("HTTP/1.1 400 ")) << client.got;
    EXPECT_EQ(client.got.find("HTTP/1.1", 1), std::string::npos) << client.got;
    EXPECT_TRUE(origin.stream->isQuiet());
    EXPECT_TRUE(client.hasEnded && !client.wasReset);
    client.stream->cancel(Stream::Ending::Close);
    run();
    EXPECT_TRUE(isServed);
}

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

TEST_F(Http1ExchangeTest, FieldsOfOneHopStayWhereTheyAre)
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
TEST_F(Http1ExchangeTest, OnlyWebSocketIsAWayOutOfHttp)
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

TEST_F(Http1ExchangeTest, ASwitchThatWasNotAskedForIsNoAnswer)
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

TEST_F(Http1ExchangeTest, AWebSocketIsABytePipeFromItsAnswerOn)
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
TEST_F(Http1ExchangeTest, TrailersSayNothingThatAHeadShould)
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
TEST_F(Http1ExchangeTest, NothingSplitsTheHeadThatIsWritten)
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
TEST_F(Http1ExchangeTest, WhatIsLittleIsWrittenAtOnceOrWhenItIsAskedFor)
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
TEST_F(Http1ExchangeTest, AnswersThatEndAConnectionAreNotLost)
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

TEST_F(Http1ExchangeTest, AnswersToOldClientsAreWhatTheyKnow)
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

TEST_F(Http1ExchangeTest, AnswersWithoutABodyHaveNoLengthWhereTheyMayNot)
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
