// SPDX-License-Identifier: GPL-3.0-or-later
// DNS as a sandbox sees it: asked of any resolver, over UDP and TCP.
#include "backend/keeper/egress/capture/capture.h"
#include "backend/keeper/egress/capture/dns_message.h"
#include "backend/keeper/egress/capture/dns_server.h"

#include "tests/keeper/egress/capture/captured_sandbox.h"
#include "tests/keeper/egress/capture/inside_actions.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <format>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>
#include <vector>

namespace caisson::test {
namespace {

using namespace keeper;
using namespace std::string_literals;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kIdle = 300ms;

std::string query(std::string_view name, char type = 1)
{
    return "\xbe\xef\1\0\0\1\0\0\0\0\0\0"s + encodeDnsName(name) + '\0' + type + "\0\1"s;
}

/// The address in an answer's last four bytes.
std::string addressIn(std::string_view answer)
{
    if (answer.size() < 16)
        return "no answer: " + std::string(answer);
    std::array<std::uint8_t, 4> bytes;
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<std::uint8_t>(answer[answer.size() - 4 + i]);
    return policy::Address::v4(bytes).toString();
}

std::string framed(std::string_view message)
{
    return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
           std::string(message);
}

class DnsServing : public testing::TestWithParam<As>
{
protected:
    void SetUp() override
    {
        if (const std::string why = whyNot(GetParam()); !why.empty())
            GTEST_SKIP() << why;
    }

    struct Scene
    {
        Sandbox sandbox;
        CaptureSockets sockets;
        Names names;
        api::asio::io_context context;
        std::optional<DnsServer> server;

        /// Runs a process inside while the server serves.
        std::string run(const std::function<std::string()>& body)
        {
            Child child = sandbox.start(body);
            const auto end = std::chrono::steady_clock::now() + 10s;
            while (!child.isDone() && std::chrono::steady_clock::now() < end)
                context.run_for(1ms);
            return child.result();
        }
    };

    static void serving(const std::function<void(Scene&)>& body)
    {
        asKeeper(GetParam(), [&] {
            Scene scene;
            Result<CaptureSockets> sockets = captureNetwork(scene.sandbox.init());
            ASSERT_TRUE(sockets) << sockets.error().message;
            scene.sockets = std::move(*sockets);
            scene.server.emplace(scene.context.get_executor(), scene.names, kIdle);
            scene.server->start(scene.sockets);
            body(scene);
            scene.server.reset();
            // All of its tasks end.
            scene.context.run_for(2s);
            EXPECT_TRUE(scene.context.stopped());
        });
    }
};

INSTANTIATE_TEST_SUITE_P(, DnsServing, testing::Values(As::Root, As::User),
                         [](const auto& instance) {
                             return instance.param == As::Root ? "AsRoot" : "AsUser";
                         });

TEST_P(DnsServing, AnyResolverAnswersOverUdp)
{
    serving([](Scene& scene) {
        for (const std::string_view resolver :
             {"8.8.8.8", "198.18.0.53", "169.254.169.253", "2001:4860:4860::8888", "fd00::53"}) {
            // A connected socket takes only what comes from where it asked.
            EXPECT_EQ(scene.run([&]() -> std::string {
                const Endpoint endpoint(resolver, 53);
                const UniqueFd socket(::socket(endpoint.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
                const std::string asked = query("example.com");
                if (::connect(socket.get(), endpoint.get(), endpoint.size) != 0 ||
                    ::send(socket.get(), asked.data(), asked.size(), 0) < 0)
                    return errnoName(errno);
                return addressIn(receive(socket.get()));
            }),
                      "198.18.1.0")
                << resolver;
        }
        EXPECT_EQ(scene.names.nameOf(*policy::Address::parse("198.18.1.0")), "example.com");
    });
}

/// As resolvers' libraries do: one socket for several of them, and the answers told apart by where
/// they come from.
TEST_P(DnsServing, AnswersComeFromWhereTheyWereAsked)
{
    serving([](Scene& scene) {
        EXPECT_EQ(scene.run([]() -> std::string {
            const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            const std::string asked = query("example.com");
            std::string all;
            for (const std::string_view resolver : {"8.8.8.8", "1.1.1.1", "9.9.9.9"}) {
                const Endpoint endpoint(resolver, 53);
                if (::sendto(socket.get(), asked.data(), asked.size(), 0, endpoint.get(),
                             endpoint.size) < 0)
                    return errnoName(errno);
                sockaddr_storage from{};
                socklen_t size = sizeof from;
                std::array<char, 512> room;
                if (::recvfrom(socket.get(), room.data(), room.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &size) < 0)
                    return errnoName(errno);
                all += textOf(from) + ", ";
            }
            return all;
        }),
                  "8.8.8.8 53, 1.1.1.1 53, 9.9.9.9 53, ");
    });
}

TEST_P(DnsServing, SeveralMessagesPassOverOneTcpConnection)
{
    serving([](Scene& scene) {
        for (const std::string_view resolver : {"8.8.8.8", "2001:4860:4860::8888"}) {
            EXPECT_EQ(scene.run([&]() -> std::string {
                UniqueFd socket;
                if (const auto said = connectTo(socket, Endpoint(resolver, 53)); said != "ok")
                    return said;
                const std::string two = framed(query("one.example")) + framed(query("two.example"));
                // Two at once, but for the last byte.
                if (::send(socket.get(), two.data(), two.size() - 1, 0) < 0)
                    return errnoName(errno);
                std::string all = addressIn(receive(socket.get())) + " ";
                if (::send(socket.get(), two.data() + two.size() - 1, 1, 0) < 0)
                    return errnoName(errno);
                return all + addressIn(receive(socket.get()));
            }),
                      "198.18.1.0 198.18.1.1")
                << resolver;
        }
    });
}

TEST_P(DnsServing, WhatIsNoQueryEndsATcpConnection)
{
    serving([](Scene& scene) {
        const std::string response = query("example.com").replace(2, 1, "\x81");
        for (const std::string& bytes : {framed(response), framed(""), framed("short"),
                                         "\xff\xff"s + std::string(5000, 'x')}) {
            EXPECT_EQ(scene.run([&]() -> std::string {
                UniqueFd socket;
                connectTo(socket, Endpoint("8.8.8.8", 53));
                std::ignore = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
                const std::string said = receive(socket.get());
                return said.empty() || said == "ECONNRESET" ? "closed" : "said " + said;
            }),
                      "closed");
        }
    });
}

TEST_P(DnsServing, IdleAndTooManyTcpConnectionsAreClosed)
{
    serving([](Scene& scene) {
        EXPECT_EQ(scene.run([]() -> std::string {
            std::vector<UniqueFd> sockets(80);
            for (UniqueFd& socket : sockets)
                if (const auto said = connectTo(socket, Endpoint("8.8.8.8", 53)); said != "ok")
                    return said;
            const std::string asked = query("example.com");
            // UDP is not hindered.
            const Endpoint resolver("8.8.8.8", 53);
            const UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            if (::sendto(datagrams.get(), asked.data(), asked.size(), 0, resolver.get(),
                         resolver.size) < 0)
                return errnoName(errno);
            std::string all = addressIn(receive(datagrams.get()));
            // Each is closed: the last ones at once, the others after a while in which they did
            // not ask.
            int closed = 0;
            for (UniqueFd& socket : sockets)
                closed += receive(socket.get()).empty();
            all += std::format(" {} closed", closed);
            UniqueFd next;
            const std::string message = framed(asked);
            connectTo(next, resolver);
            if (::send(next.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0)
                return errnoName(errno);
            return all + " " + addressIn(receive(next.get()));
        }),
                  "198.18.1.0 80 closed 198.18.1.0");
    });
}

TEST_P(DnsServing, AConnectionToAnAnsweredAddressHasItsName)
{
    serving([](Scene& scene) {
        EXPECT_EQ(scene.run([]() -> std::string {
            const Endpoint resolver("8.8.8.8", 53);
            const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            const std::string asked = query("example.com");
            if (::sendto(socket.get(), asked.data(), asked.size(), 0, resolver.get(),
                         resolver.size) < 0)
                return errnoName(errno);
            return dial(addressIn(receive(socket.get())), 443);
        }),
                  "ok");
        const auto connection = acceptCaptured(scene.sockets.tcp4.get());
        ASSERT_TRUE(connection) << connection.error().message;
        EXPECT_EQ(scene.names.nameOf(connection->destination), "example.com");
    });
}

TEST_P(DnsServing, GarbageOverUdpIsNotAnsweredOrAnError)
{
    serving([](Scene& scene) {
        EXPECT_EQ(scene.run([]() -> std::string {
            const Endpoint resolver("8.8.8.8", 53);
            const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            if (::connect(socket.get(), resolver.get(), resolver.size) != 0)
                return errnoName(errno);
            for (const std::string& bytes :
                 {""s, "x"s, std::string(60000, 'x'), query("a.example").replace(2, 1, "\x81"),
                  query("example.com")})
                if (::send(socket.get(), bytes.data(), bytes.size(), 0) < 0)
                    return errnoName(errno);
            return addressIn(receive(socket.get()));
        }),
                  "198.18.1.0");
    });
}

} // namespace
} // namespace caisson::test
