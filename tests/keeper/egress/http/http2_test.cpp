// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/http/http2_fixture.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <format>

using namespace caisson;
using namespace caisson::keeper;
using namespace caisson::keeper::http;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

using Http2 = Http2Fixture;

/// Sends back what comes as it comes, and the trailers after it.
Task<void> echo(RequestHead&, Body& body, Responder& to)
{
    EXPECT_TRUE(co_await to.head(answer(200, true)));
    for (;;) {
        const auto bytes = co_await body.next();
        if (!bytes) {
            to.abort();
            co_return;
        }
        if (bytes->empty())
            break;
        if (!co_await to.write(*bytes))
            co_return;
    }
    Fields trailers = body.trailers();
    trailers.emplace_back("grpc-status", "0");
    EXPECT_TRUE(co_await to.finish(trailers));
}

Task<Result<std::string>> get(UpstreamConnection& origin, std::string target)
{
    const auto exchange = origin.open();
    if (const auto sent = co_await exchange->sendHead(request("GET", std::move(target)), "https");
        !sent)
        co_return std::unexpected(sent.error());
    const auto head = co_await exchange->response();
    if (!head)
        co_return std::unexpected(head.error());
    co_return co_await readAll(exchange->body());
}

std::string pattern(std::size_t size)
{
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>((i * 2654435761U) >> 13);
    return text;
}

} // namespace

TEST_F(Http2, HandsOnTheRequestAndTheAnswer)
{
    RequestHead seen;
    runUpstream(
        [&](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            seen = head;
            EXPECT_EQ(*co_await readAll(body), "");
            ResponseHead reply = answer(404, true);
            reply.fields = {
                {"content-type", "text/plain"}, {"set-cookie", "a"}, {"set-cookie", "b"}};
            reply.length = 5;
            EXPECT_TRUE(co_await to.head(reply));
            EXPECT_TRUE(co_await to.write(std::string_view("hello")));
            EXPECT_TRUE(co_await to.finish({}));
        },
        [](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("GET", "/a?b=c");
            head.fields = {{"cookie", "a=1"},        {"cookie", "b=2"},
                           {"te", "trailers"},       {"x-empty", ""},
                           {"connection", "x-gone"}, {"transfer-encoding", "chunked"},
                           {"host", "other.test"},   {"upgrade", "websocket"}};
            EXPECT_TRUE(co_await exchange->sendHead(head, "https"));
            const auto reply = co_await exchange->response();
            if (!reply)
                throw std::runtime_error(reply.error().message);
            EXPECT_EQ(reply->version, Version::Http2);
            EXPECT_EQ(reply->status, 404);
            EXPECT_EQ(reply->length, 5U);
            EXPECT_TRUE(reply->hasBody);
            const Fields expected{
                {"content-type", "text/plain"}, {"set-cookie", "a"}, {"set-cookie", "b"}};
            EXPECT_EQ(reply->fields, expected);
            EXPECT_EQ(*co_await readAll(exchange->body()), "hello");
            EXPECT_FALSE(exchange->mayRetry());
        });
    EXPECT_EQ(seen.version, Version::Http2);
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, "/a?b=c");
    EXPECT_EQ(seen.authority, "origin.test");
    EXPECT_FALSE(seen.hasBody);
    const Fields expected{{"te", "trailers"}, {"x-empty", ""}, {"cookie", "a=1; b=2"}};
    EXPECT_EQ(seen.fields, expected);
}

TEST_F(Http2, CarriesACallThatTalksBothWaysAtOnce)
{
    // As gRPC does: an answer to each message while the request goes on, trailers at the end.
    runUpstream(echo, [](UpstreamConnection& origin) -> Task<void> {
        const auto exchange = origin.open();
        RequestHead head = request("POST", "/package.Service/Chat");
        head.fields = {{"content-type", "application/grpc"}, {"te", "trailers"}};
        head.hasBody = true;
        EXPECT_TRUE(co_await exchange->sendHead(head, "https"));
        const auto reply = co_await exchange->response();
        EXPECT_TRUE(reply && reply->hasBody);
        for (int i = 0; i < 20; ++i) {
            const std::string message = std::format("message {}", i);
            EXPECT_TRUE(co_await exchange->sendBody(message));
            const auto bytes = co_await exchange->body().next();
            EXPECT_TRUE(bytes && std::string_view(bytes->data(), bytes->size()) == message);
        }
        EXPECT_TRUE(co_await exchange->finishBody({{"x-last", "one"}}));
        EXPECT_EQ(*co_await readAll(exchange->body()), "");
        const Fields expected{{"x-last", "one"}, {"grpc-status", "0"}};
        EXPECT_EQ(exchange->body().trailers(), expected);
    });
}

TEST_F(Http2, CarriesLargeBodiesBothWaysAtOnce)
{
    const std::string body = pattern(8 * 1024 * 1024 + 17);
    std::string back;
    runUpstream(echo, [&](UpstreamConnection& origin) -> Task<void> {
        const auto exchange = origin.open();
        RequestHead head = request("POST", "/");
        head.hasBody = true;
        head.length = body.size();
        EXPECT_TRUE(co_await exchange->sendHead(head, "https"));
        const auto send = [&]() -> Task<void> {
            std::span<const char> rest(body);
            for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
                const auto piece = rest.first(std::min(size % 300000 + 1, rest.size()));
                EXPECT_TRUE(co_await exchange->sendBody(piece));
                rest = rest.subspan(piece.size());
            }
            EXPECT_TRUE(co_await exchange->finishBody({}));
        };
        const auto receive = [&]() -> Task<void> {
            EXPECT_TRUE(co_await exchange->response());
            back = (co_await readAll(exchange->body())).value_or("");
        };
        co_await (send() && receive());
    });
    EXPECT_TRUE(back == body);
}

TEST_F(Http2, AnswersAThousandRequestsInTurn)
{
    runUpstream(
        [](RequestHead& head, Body&, Responder& to) -> Task<void> {
            EXPECT_TRUE(co_await to.head(answer(200, true)));
            EXPECT_TRUE(co_await to.write(head.target));
            EXPECT_TRUE(co_await to.finish({}));
        },
        [](UpstreamConnection& origin) -> Task<void> {
            for (int i = 0; i < 1000; ++i) {
                const std::string target = std::format("/{}", i);
                const auto body = co_await get(origin, target);
                if (!body)
                    throw std::runtime_error(body.error().message);
                EXPECT_EQ(*body, target);
            }
            EXPECT_TRUE(origin.isIdle());
            EXPECT_TRUE(origin.hasRoom());
        });
    EXPECT_GE(changes, 1000);
}

TEST_F(Http2, AnswersAHundredAndTwentyEightAtOnce)
{
    std::size_t inside = 0;
    std::size_t answered = 0;
    api::Notifier allIn(context.get_executor());
    runUpstream(
        [&](RequestHead& head, Body&, Responder& to) -> Task<void> {
            if (head.target == "/first") {
                EXPECT_TRUE(co_await to.head(answer(204, false)));
                co_return;
            }
            if (++inside == 128)
                allIn.notifyAll();
            while (inside < 128)
                co_await allIn.wait();
            EXPECT_TRUE(co_await to.head(answer(200, true)));
            EXPECT_TRUE(co_await to.write(head.target));
            EXPECT_TRUE(co_await to.finish({}));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            // Before the server has said how many, a hundred.
            EXPECT_TRUE(co_await get(origin, "/first"));
            for (int i = 0; i < 128; ++i) {
                EXPECT_TRUE(origin.hasRoom());
                api::spawnDetached(
                    context.get_executor(),
                    [](UpstreamConnection& to, int number, std::size_t& count,
                       api::Notifier& wake) -> Task<void> {
                        const std::string target = std::format("/{}", number);
                        const auto body = co_await get(to, target);
                        EXPECT_TRUE(body && *body == target);
                        ++count;
                        wake.notifyAll();
                    }(origin, i, answered, changed),
                    "a request");
                co_await until([&, i] { return i < 127 ? inside > std::size_t(i) : true; });
            }
            while (answered < 128)
                co_await changed.wait();
        });
    EXPECT_EQ(answered, 128U);
}

TEST_F(Http2, HoldsNobodyUpForAStreamThatIsHeld)
{
    bool isReleased = false;
    api::Notifier release(context.get_executor());
    const std::string upload = pattern(3 * 1024 * 1024);
    std::size_t heldBack = 0;
    runUpstream(
        [&](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            if (head.target == "/held") {
                while (!isReleased)
                    co_await release.wait();
                heldBack += (co_await readAll(body)).value_or("").size();
                EXPECT_TRUE(co_await to.head(answer(204, false)));
                co_return;
            }
            co_await echo(head, body, to);
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            // Each fills its window, and together many times what one could.
            std::vector<std::unique_ptr<UpstreamExchange>> held;
            const std::string part = pattern(16 * 1024);
            for (int i = 0; i < 60; ++i) {
                held.push_back(origin.open());
                RequestHead head = request("POST", "/held");
                head.hasBody = true;
                EXPECT_TRUE(co_await held.back()->sendHead(head, "http"));
                for (int piece = 0; piece < 3; ++piece)
                    EXPECT_TRUE(co_await held.back()->sendBody(part));
            }
            const auto exchange = origin.open();
            RequestHead head = request("POST", "/free");
            head.hasBody = true;
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            const auto send = [&]() -> Task<void> {
                EXPECT_TRUE(co_await exchange->sendBody(upload));
                EXPECT_TRUE(co_await exchange->finishBody({}));
            };
            const auto receive = [&]() -> Task<bool> {
                EXPECT_TRUE(co_await exchange->response());
                co_return co_await readAll(exchange->body()) == upload;
            };
            EXPECT_TRUE(co_await (receive() && send()));
            isReleased = true;
            release.notifyAll();
            for (const auto& one : held) {
                EXPECT_TRUE(co_await one->finishBody({}));
                const auto reply = co_await one->response();
                EXPECT_TRUE(reply && reply->status == 204);
            }
        });
    EXPECT_EQ(heldBack, 60U * 3 * 16 * 1024);
}

TEST_F(Http2, HoldsTheAnswerUpForAReaderThatIsSlow)
{
    std::size_t written = 0;
    const std::string part = pattern(100000);
    runUpstream(
        [&](RequestHead&, Body&, Responder& to) -> Task<void> {
            EXPECT_TRUE(co_await to.head(answer(200, true)));
            for (int i = 0; i < 200; ++i) {
                EXPECT_TRUE(co_await to.write(part));
                written += part.size();
            }
            EXPECT_TRUE(co_await to.finish({}));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            EXPECT_TRUE(co_await exchange->sendHead(request("GET", "/"), "http"));
            EXPECT_TRUE(co_await exchange->response());
            co_await api::sleepFor(100ms);
            // The window of a stream that nobody reads, and no more on the way.
            EXPECT_LE(serverEnd->written(), 70U * 1024);
            EXPECT_EQ(written, 0U);
            // Read a little: never more than the wide window ahead.
            std::size_t read = 0;
            while (read < part.size() * 200) {
                const auto bytes = co_await exchange->body().next();
                if (!bytes || bytes->empty())
                    throw std::runtime_error("the body ends early");
                EXPECT_LE(bytes->size(), 256U * 1024);
                read += bytes->size();
                EXPECT_LE(serverEnd->written(), read + 330U * 1024 + read / 100);
                co_await api::sleepFor(0ms);
            }
            const auto end = co_await exchange->body().next();
            EXPECT_TRUE(end && end->empty());
        });
    EXPECT_EQ(written, part.size() * 200);
}

TEST_F(Http2, HoldsTheRequestUpForAHandlerThatIsSlow)
{
    bool isReleased = false;
    api::Notifier release(context.get_executor());
    std::size_t received = 0;
    bool isSent = false;
    const std::string body = pattern(2 * 1024 * 1024);
    runUpstream(
        [&](RequestHead&, Body& from, Responder& to) -> Task<void> {
            while (!isReleased)
                co_await release.wait();
            received = (co_await readAll(from)).value_or("").size();
            EXPECT_TRUE(co_await to.head(answer(204, false)));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("PUT", "/");
            head.hasBody = true;
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            const auto send = [&]() -> Task<void> {
                EXPECT_TRUE(co_await exchange->sendBody(body));
                isSent = true;
                EXPECT_TRUE(co_await exchange->finishBody({}));
            };
            const auto look = [&]() -> Task<void> {
                co_await api::sleepFor(100ms);
                EXPECT_FALSE(isSent);
                EXPECT_LE(clientWire->written(), 70U * 1024);
                isReleased = true;
                release.notifyAll();
            };
            co_await (send() && look());
            EXPECT_TRUE(co_await exchange->response());
        });
    EXPECT_EQ(received, body.size());
}

TEST_F(Http2, InformsBeforeItAnswers)
{
    bool hasContinued = false;
    runUpstream(
        [](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            EXPECT_TRUE(findField(head.fields, "expect"));
            EXPECT_TRUE(co_await to.inform(answer(100, false)));
            ResponseHead hints = answer(103, false);
            hints.fields = {{"link", "</a.css>; rel=preload"}};
            EXPECT_TRUE(co_await to.inform(hints));
            EXPECT_FALSE(co_await to.inform(answer(101, false)));
            EXPECT_EQ(*co_await readAll(body), "the body");
            EXPECT_TRUE(co_await to.head(answer(201, false)));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("PUT", "/");
            head.hasBody = true;
            head.fields = {{"expect", "100-continue"}};
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            auto reply = co_await exchange->response();
            hasContinued = reply && reply->status == 100 && !reply->hasBody;
            reply = co_await exchange->response();
            EXPECT_TRUE(reply && reply->status == 103);
            EXPECT_EQ(reply->fields.size(), 1U);
            EXPECT_TRUE(co_await exchange->sendBody(std::string_view("the body")));
            EXPECT_TRUE(co_await exchange->finishBody({}));
            reply = co_await exchange->response();
            EXPECT_TRUE(reply && reply->status == 201 && !reply->hasBody);
            EXPECT_EQ(*co_await readAll(exchange->body()), "");
        });
    EXPECT_TRUE(hasContinued);
}

TEST_F(Http2, AnswersHeadWithoutABody)
{
    runUpstream(
        [](RequestHead& head, Body&, Responder& to) -> Task<void> {
            EXPECT_EQ(head.method, "HEAD");
            ResponseHead reply = answer(200, false);
            reply.length = 12345;
            EXPECT_TRUE(co_await to.head(reply));
        },
        [](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            EXPECT_TRUE(co_await exchange->sendHead(request("HEAD", "/"), "http"));
            const auto reply = co_await exchange->response();
            EXPECT_TRUE(reply && !reply->hasBody && reply->length == 12345U);
            EXPECT_EQ(*co_await readAll(exchange->body()), "");
        });
}

TEST_F(Http2, AnswersBeforeTheRequestHasEnded)
{
    runUpstream(
        [](RequestHead&, Body&, Responder& to) -> Task<void> {
            ResponseHead reply = answer(403, true);
            reply.length = 6;
            EXPECT_TRUE(co_await to.head(reply));
            EXPECT_TRUE(co_await to.write(std::string_view("denied")));
            EXPECT_TRUE(co_await to.finish({}));
        },
        [](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("POST", "/");
            head.hasBody = true;
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            const std::string body = pattern(1024 * 1024);
            // Fails when the server says that it wants no more: not a word about the answer.
            EXPECT_FALSE(co_await exchange->sendBody(body));
            const auto reply = co_await exchange->response();
            EXPECT_TRUE(reply && reply->status == 403);
            EXPECT_EQ((co_await readAll(exchange->body())).value_or(""), "denied");
            EXPECT_TRUE(origin.isOpen());
        });
}

TEST_F(Http2, TellsTheHandlerThatTheClientBrokeOff)
{
    int ended = 0;
    api::Notifier end(context.get_executor());
    runUpstream(
        [&](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            if (head.target == "/wait") {
                co_await to.waitGone();
                EXPECT_TRUE(to.isGone());
                EXPECT_FALSE(co_await to.head(answer(200, false)));
            } else if (head.target == "/read") {
                const auto first = co_await body.next();
                EXPECT_TRUE(first && first->size() == 4);
                EXPECT_FALSE(co_await body.next());
            } else {
                EXPECT_TRUE(co_await to.head(answer(200, true)));
                const std::string part = pattern(1024 * 1024);
                EXPECT_FALSE(co_await to.write(part));
            }
            ++ended;
            end.notifyAll();
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            int wanted = 0;
            for (const char* target : {"/wait", "/read", "/write"}) {
                auto exchange = origin.open();
                RequestHead head = request("POST", target);
                head.hasBody = true;
                EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
                EXPECT_TRUE(co_await exchange->sendBody(std::string_view("text")));
                if (target == std::string_view("/write"))
                    EXPECT_TRUE(co_await exchange->response());
                else
                    co_await api::sleepFor(10ms);
                if (target == std::string_view("/read"))
                    exchange->abort();
                exchange.reset();
                ++wanted;
                while (ended < wanted)
                    co_await end.wait();
            }
            EXPECT_TRUE(origin.isOpen());
            EXPECT_TRUE(origin.isIdle());
        });
    EXPECT_EQ(ended, 3);
}

TEST_F(Http2, TellsTheClientThatTheServerBrokeOff)
{
    runUpstream(
        [&](RequestHead& head, Body&, Responder& to) -> Task<void> {
            if (head.target == "/body") {
                ResponseHead reply = answer(200, true);
                EXPECT_TRUE(co_await to.head(reply));
                EXPECT_TRUE(co_await to.write(std::string_view("a part of it")));
                co_await api::sleepFor(10ms);
                to.abort();
                EXPECT_TRUE(to.isGone());
                EXPECT_FALSE(co_await to.write(std::string_view("more")));
            } else if (head.target == "/short") {
                ResponseHead reply = answer(200, true);
                reply.length = 10;
                EXPECT_TRUE(co_await to.head(reply));
                EXPECT_TRUE(co_await to.write(std::string_view("123456789")));
                EXPECT_FALSE(co_await to.write(std::string_view("123456789")));
                EXPECT_FALSE(co_await to.finish({}));
            }
            // "/none": it returns without an answer.
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            for (const char* target : {"/body", "/short", "/none"}) {
                const auto exchange = origin.open();
                EXPECT_TRUE(co_await exchange->sendHead(request("GET", target), "http"));
                const auto reply = co_await exchange->response();
                if (target == std::string_view("/body")) {
                    EXPECT_TRUE(reply);
                    const auto part = co_await exchange->body().next();
                    EXPECT_TRUE(part && part->size() == 12);
                }
                if (reply) {
                    EXPECT_FALSE(co_await readAll(exchange->body())) << target;
                }
                EXPECT_FALSE(exchange->mayRetry());
            }
            EXPECT_FALSE((co_await get(origin, "/none")).has_value());
            EXPECT_TRUE(origin.isOpen());
        });
}

TEST_F(Http2, EndsWhatWaitsWhenTheConnectionGoes)
{
    int waiting = 0;
    int ended = 0;
    runUpstream(
        [&](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            ++waiting;
            if (head.target == "/wait") {
                co_await to.waitGone();
            } else if (head.target == "/read") {
                EXPECT_FALSE(co_await body.next());
            } else {
                EXPECT_TRUE(co_await to.head(answer(200, true)));
                EXPECT_FALSE(co_await to.write(pattern(1024 * 1024)));
            }
            // What the handler still does for itself: serving ends only after it.
            co_await api::sleepFor(30ms);
            EXPECT_FALSE(hasServed);
            ++ended;
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            std::vector<std::unique_ptr<UpstreamExchange>> exchanges;
            for (const char* target : {"/wait", "/read", "/write"}) {
                exchanges.push_back(origin.open());
                RequestHead head = request("POST", target);
                head.hasBody = true;
                EXPECT_TRUE(co_await exchanges.back()->sendHead(head, "http"));
            }
            co_await until([&] { return waiting == 3; });
            EXPECT_TRUE(co_await exchanges[2]->response());
            serverEnd->cancel(Stream::Ending::Reset);
            EXPECT_FALSE(co_await exchanges[0]->response());
            EXPECT_FALSE(co_await exchanges[1]->sendBody(pattern(1024 * 1024)));
            EXPECT_FALSE(co_await readAll(exchanges[2]->body()));
            EXPECT_FALSE(origin.isOpen());
            EXPECT_FALSE(origin.hasRoom());
            const auto late = origin.open();
            EXPECT_FALSE(co_await late->sendHead(request("GET", "/"), "http"));
            EXPECT_TRUE(late->mayRetry());
        });
    EXPECT_EQ(ended, 3);
}

TEST_F(Http2, EndsWhenItsCallerIsCancelled)
{
    bool hasEnded = false;
    bool hasHandlerEnded = false;
    upstream = makeHttp2Upstream(std::move(clientEnd), [] {});
    api::asio::co_spawn(
        context,
        [&]() -> Task<void> {
            const auto waits = [&](RequestHead&, Body&, Responder& to) -> Task<void> {
                co_await to.waitGone();
                hasHandlerEnded = true;
            };
            co_await (serveHttp2(*serverEnd, {}, waits) || api::sleepFor(50ms));
            EXPECT_TRUE(hasHandlerEnded);
            hasEnded = true;
        },
        api::asio::detached);
    api::asio::co_spawn(
        context,
        [&]() -> Task<void> {
            EXPECT_FALSE(co_await get(*upstream, "/"));
            upstream.reset();
        },
        api::asio::detached);
    context.run_for(10s);
    EXPECT_TRUE(hasEnded);
}

TEST_F(Http2, BreaksOffABodyWhoseWriterIsCancelled)
{
    runUpstream(
        [&](RequestHead&, Body&, Responder& to) -> Task<void> {
            EXPECT_TRUE(co_await to.head(answer(200, true)));
            {
                const std::string part = pattern(1024 * 1024);
                co_await (to.write(part) || api::sleepFor(20ms));
            }
            EXPECT_TRUE(to.isGone());
            EXPECT_FALSE(co_await to.finish({}));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            EXPECT_TRUE(co_await exchange->sendHead(request("GET", "/"), "http"));
            EXPECT_TRUE(co_await exchange->response());
            co_await api::sleepFor(60ms);
            EXPECT_FALSE(co_await readAll(exchange->body()));
        });
}

TEST_F(Http2, WaitsForAPromptOrForTheClientToGo)
{
    // As a held request does; the loser of the two must not disturb what follows.
    runUpstream(
        [&](RequestHead&, Body& body, Responder& to) -> Task<void> {
            const auto first = co_await (to.waitGone() || api::sleepFor(20ms));
            EXPECT_EQ(first.index(), 1U);
            EXPECT_FALSE(to.isGone());
            EXPECT_EQ(*co_await readAll(body), "text");
            EXPECT_TRUE(co_await to.head(answer(204, false)));
        },
        [](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("POST", "/");
            head.hasBody = true;
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            EXPECT_TRUE(co_await exchange->sendBody(std::string_view("text")));
            EXPECT_TRUE(co_await exchange->finishBody({}));
            const auto reply = co_await exchange->response();
            EXPECT_TRUE(reply && reply->status == 204);
        });
}

TEST_F(Http2, RefusesAHeadThatIsTooLarge)
{
    int handled = 0;
    runUpstream(
        [&](RequestHead&, Body&, Responder& to) -> Task<void> {
            ++handled;
            ResponseHead reply = answer(200, false);
            for (int i = 0; i < 20; ++i)
                reply.fields.emplace_back("x-large", pattern(0) + std::string(4000, 'x'));
            EXPECT_TRUE(co_await to.head(reply));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            RequestHead head = request("GET", "/");
            for (int i = 0; i < 20; ++i)
                head.fields.emplace_back("x-large", std::string(4000, 'x'));
            EXPECT_TRUE(co_await exchange->sendHead(head, "http"));
            const auto reply = co_await exchange->response();
            EXPECT_TRUE(reply && reply->status == 431);
            EXPECT_TRUE((co_await readAll(exchange->body())).value_or("").contains("too large"));
            EXPECT_EQ(handled, 0);
            EXPECT_EQ(malformed, std::vector{ErrorCode::HeadTooLarge});

            const auto second = origin.open();
            EXPECT_TRUE(co_await second->sendHead(request("GET", "/"), "http"));
            const auto large = co_await second->response();
            EXPECT_FALSE(large);
            EXPECT_EQ(large.error().code, ErrorCode::Protocol);
            EXPECT_TRUE(origin.isOpen());
        });
    EXPECT_EQ(handled, 1);
}

TEST_F(Http2, ClosesAConnectionThatIsIdle)
{
    runUpstream(
        [](RequestHead&, Body&, Responder& to) -> Task<void> {
            EXPECT_TRUE(co_await to.head(answer(204, false)));
        },
        [&](UpstreamConnection& origin) -> Task<void> {
            EXPECT_TRUE(co_await get(origin, "/"));
            EXPECT_TRUE(origin.isIdle());
            origin.close();
            EXPECT_FALSE(origin.isOpen());
            EXPECT_FALSE(origin.hasRoom());
            while (!hasServed)
                co_await changed.wait();
        });
}
