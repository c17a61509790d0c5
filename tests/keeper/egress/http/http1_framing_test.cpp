// SPDX-License-Identifier: GPL-3.0-or-later
// Messages of every shape go through both sides as they were sent, or not at all.
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

using Http1FramingTest = Http1Joined;

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
TEST_F(Http1FramingTest, WhatIsSentArrives)
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
TEST_F(Http1FramingTest, WhatIsMalformedGoesNowhere)
{
    serveByForwarding();
    spawn(client.send(
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"}));
    spawn(client.readToEnd());
    run();
    EXPECT_TRUE(client.got.starts_with("HTTP/1.1 400 ")) << client.got;
    EXPECT_TRUE(client.got.contains("\"why\": ")) << client.got;
    EXPECT_EQ(client.got.find("HTTP/1.1", 1), std::string::npos) << client.got;
    EXPECT_TRUE(origin.stream->isQuiet());
    EXPECT_TRUE(client.hasEnded && !client.wasReset);
    client.stream->cancel(Stream::Ending::Close);
    run();
    EXPECT_TRUE(isServed);
}

} // namespace
} // namespace caisson::keeper::http::testing
