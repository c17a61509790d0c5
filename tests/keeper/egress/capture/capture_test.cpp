// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/capture.h"

#include "tests/keeper/egress/capture/captured_sandbox.h"
#include "tests/keeper/egress/capture/inside_actions.h"

#include <cstdio>
#include <format>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

namespace caisson::test {
namespace {

using keeper::acceptCaptured;
using keeper::captureNetwork;
using keeper::CaptureSockets;

bool isReadable(int fd, int milliseconds)
{
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, milliseconds) == 1;
}

/// "203.0.113.5 443 from 198.18.0.1", or why there is none.
std::string taken(int listener)
{
    if (!isReadable(listener, 2000))
        return "nothing";
    const auto connection = acceptCaptured(listener);
    if (!connection)
        return connection.error().message;
    return std::format("{} {} from {}", connection->destination.toString(), connection->port,
                       connection->source.toString());
}

class Capture : public testing::TestWithParam<As>
{
protected:
    void SetUp() override
    {
        if (const std::string why = whyNot(GetParam()); !why.empty())
            GTEST_SKIP() << why;
    }

    static void captured(const std::function<void(const Sandbox&, CaptureSockets&)>& body)
    {
        asKeeper(GetParam(), [&] {
            const Sandbox sandbox;
            Result<CaptureSockets> sockets = captureNetwork(sandbox.init());
            ASSERT_TRUE(sockets) << sockets.error().message;
            body(sandbox, *sockets);
        });
    }
};

INSTANTIATE_TEST_SUITE_P(, Capture, testing::Values(As::Root, As::User), [](const auto& instance) {
    return instance.param == As::Root ? "AsRoot" : "AsUser";
});

TEST_P(Capture, TakesTcpToEveryAddressAndPort)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        const auto expectTaken = [&](int listener, std::string_view address, std::uint16_t port,
                                     std::string_view source) {
            EXPECT_EQ(sandbox.run([&] { return dial(address, port); }), "ok") << address;
            EXPECT_EQ(taken(listener), std::format("{} {} from {}", address, port, source));
        };
        for (const std::string_view address : {"203.0.113.5", "169.254.169.254", "10.0.0.1",
                                               "192.168.1.1", "198.18.7.7", "1.1.1.1", "240.0.0.1"})
            for (const std::uint16_t port : {1, 22, 443, 3000, 65535})
                expectTaken(sockets.tcp4.get(), address, port, "198.18.0.1");
        for (const std::string_view address : {"2001:db8::5", "fd00::1", "64:ff9b::7f00:1"})
            for (const std::uint16_t port : {1, 443, 65535})
                expectTaken(sockets.tcp6.get(), address, port, "fd6b:4a1c:90d3::1");
        // IPv4 from a socket of IPv6 is IPv4.
        EXPECT_EQ(sandbox.run([] { return dial("::ffff:203.0.113.5", 443); }), "ok");
        EXPECT_EQ(taken(sockets.tcp4.get()), "203.0.113.5 443 from 198.18.0.1");
        // DNS has listeners of its own.
        EXPECT_EQ(sandbox.run([] { return dial("9.9.9.9", 53); }), "ok");
        EXPECT_EQ(taken(sockets.dnsTcp4.get()), "9.9.9.9 53 from 198.18.0.1");
        EXPECT_EQ(sandbox.run([] { return dial("2001:db8::53", 53); }), "ok");
        EXPECT_EQ(taken(sockets.dnsTcp6.get()), "2001:db8::53 53 from fd6b:4a1c:90d3::1");
    });
}

TEST_P(Capture, TakesLinkLocalAddresses)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        EXPECT_EQ(sandbox.run([] { return dial("fe80::a9fe:a9fe", 80); }), "ok");
        EXPECT_TRUE(taken(sockets.tcp6.get()).starts_with("fe80::a9fe:a9fe 80 from "));
    });
}

TEST_P(Capture, CarriesBytesBothWays)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        for (const auto& [address, listener] : {std::pair("203.0.113.5", sockets.tcp4.get()),
                                                std::pair("2001:db8::5", sockets.tcp6.get())}) {
            Child client = sandbox.start([&]() -> std::string {
                UniqueFd socket;
                if (const auto said = connectTo(socket, Endpoint(address, 443)); said != "ok")
                    return said;
                if (::send(socket.get(), "ping", 4, 0) != 4)
                    return errnoName(errno);
                return localOf(socket.get()) + ": " + receive(socket.get());
            });
            ASSERT_TRUE(isReadable(listener, 2000));
            const auto connection = acceptCaptured(listener);
            ASSERT_TRUE(connection) << connection.error().message;
            ASSERT_TRUE(isReadable(connection->socket.get(), 2000));
            EXPECT_EQ(receive(connection->socket.get()), "ping");
            ASSERT_EQ(::send(connection->socket.get(), "pong", 4, MSG_NOSIGNAL), 4);
            EXPECT_EQ(client.result(), std::format("{} {}: pong", connection->source.toString(),
                                                   connection->sourcePort));
        }
    });
}

/// With NAT instead of tproxy the second of these is known by another port than its own.
TEST_P(Capture, KnowsTwoConnectionsFromOnePort)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        const std::string said = sandbox.run([]() -> std::string {
            std::string all;
            std::array<UniqueFd, 2> sockets2;
            for (int i = 0; i < 2; ++i) {
                const int on = 1;
                const Endpoint own("198.18.0.1", 40001);
                sockets2[i].reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                if (::setsockopt(sockets2[i].get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) !=
                        0 ||
                    ::bind(sockets2[i].get(), own.get(), own.size) != 0)
                    return errnoName(errno);
                all +=
                    connectTo(sockets2[i], Endpoint(std::format("203.0.113.{}", i + 1), 443)) + " ";
            }
            return all;
        });
        EXPECT_EQ(said, "ok ok ");
        for (const std::string_view address : {"203.0.113.1", "203.0.113.2"}) {
            const auto connection = acceptCaptured(sockets.tcp4.get());
            ASSERT_TRUE(connection) << connection.error().message;
            EXPECT_EQ(connection->destination.toString(), address);
            EXPECT_EQ(connection->sourcePort, 40001);
        }
    });
}

TEST_P(Capture, TakesClientsThatHaveBoundAnyAddress)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        // Every address is local, so any can be bound.
        Child client = sandbox.start([]() -> std::string {
            UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const Endpoint own("203.0.113.77", 0);
            if (::bind(socket.get(), own.get(), own.size) != 0)
                return errnoName(errno);
            const std::string said = connectTo(socket, Endpoint("203.0.113.5", 443));
            return said + " " + receive(socket.get());
        });
        ASSERT_TRUE(isReadable(sockets.tcp4.get(), 2000));
        const auto connection = acceptCaptured(sockets.tcp4.get());
        ASSERT_TRUE(connection) << connection.error().message;
        EXPECT_EQ(connection->source.toString(), "203.0.113.77");
        EXPECT_EQ(connection->destination.toString(), "203.0.113.5");
        ASSERT_EQ(::send(connection->socket.get(), "yes", 3, MSG_NOSIGNAL), 3);
        EXPECT_EQ(client.result(), "ok yes");
    });
}

TEST_P(Capture, RefusesUdpAtOnce)
{
    captured([](const Sandbox& sandbox, CaptureSockets&) {
        for (const std::string_view address :
             {"203.0.113.5", "169.254.169.254", "198.18.7.7", "2001:db8::5", "fe80::1"}) {
            for (const std::uint16_t port : {443, 123, 54}) {
                EXPECT_EQ(sandbox.run([&] { return sendTo(SOCK_DGRAM, 0, address, port); }),
                          "EPERM")
                    << address << " " << port;
                EXPECT_EQ(sandbox.run([&] { return askDatagram(address, port); }),
                          "EPERM, ECONNREFUSED")
                    << address << " " << port;
            }
        }
    });
}

TEST_P(Capture, RefusesEveryOtherProtocol)
{
    captured([](const Sandbox& sandbox, CaptureSockets&) {
        // With capabilities that a sandbox does not have; without, there is not even a socket.
        constexpr int kUdpLite = 136, kSctp = 132, kGre = 47;
        for (const int protocol : {int(IPPROTO_ICMP), kSctp, kGre, kUdpLite, int(IPPROTO_UDP)})
            EXPECT_EQ(sandbox.run([&] { return sendTo(SOCK_RAW, protocol, "203.0.113.5", 0); }),
                      "EPERM")
                << protocol;
        for (const int protocol : {int(IPPROTO_ICMPV6), kSctp, kUdpLite})
            EXPECT_EQ(sandbox.run([&] { return sendTo(SOCK_RAW, protocol, "2001:db8::5", 0); }),
                      "EPERM")
                << protocol;
    });
}

TEST_P(Capture, RefusesBroadcastAndMulticast)
{
    captured([](const Sandbox& sandbox, CaptureSockets&) {
        for (const std::string_view address :
             {"255.255.255.255", "224.0.0.251", "239.255.255.250", "ff02::fb", "ff05::1:3"})
            EXPECT_EQ(sandbox.run([&] { return sendTo(SOCK_DGRAM, 0, address, 5353); }), "EPERM")
                << address;
    });
}

TEST_P(Capture, LeavesTheSandboxItsOwnServers)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        for (const std::string_view address :
             {"127.0.0.1", "127.8.9.10", "198.18.0.1", "::1", "fd6b:4a1c:90d3::1"}) {
            // Ports of ours, too: they are ours on another address.
            for (const std::uint16_t port : {1, 2, 53, 443, 3000}) {
                EXPECT_EQ(sandbox.run([&]() -> std::string {
                    const UniqueFd server = boundTo(SOCK_STREAM, address, port);
                    if (!server)
                        return "no server: " + errnoName(errno);
                    UniqueFd client;
                    if (const auto said = connectTo(client, Endpoint(address, port)); said != "ok")
                        return said;
                    const UniqueFd accepted(::accept(server.get(), nullptr, nullptr));
                    if (::send(accepted.get(), "own", 3, 0) != 3)
                        return errnoName(errno);
                    return receive(client.get());
                }),
                          "own")
                    << address << " " << port;
                EXPECT_EQ(sandbox.run([&]() -> std::string {
                    const UniqueFd server = boundTo(SOCK_DGRAM, address, port);
                    if (!server)
                        return "no server: " + errnoName(errno);
                    const std::string sent = sendTo(SOCK_DGRAM, 0, address, port);
                    return sent + " " + std::to_string(receive(server.get()).size());
                }),
                          "ok 16")
                    << address << " " << port;
            }
        }
        // A closed port is closed, and says so.
        EXPECT_EQ(sandbox.run([] { return dial("127.0.0.1", 4444); }), "ECONNREFUSED");
        EXPECT_EQ(sandbox.run([] { return dial("::1", 4444); }), "ECONNREFUSED");
        EXPECT_EQ(sandbox.run([] { return dial("0.0.0.0", 4444); }), "ECONNREFUSED");
        EXPECT_EQ(sandbox.run([] { return askDatagram("127.0.0.1", 4444); }), "ok, ECONNREFUSED");
        EXPECT_FALSE(isReadable(sockets.tcp4.get(), 0));
        EXPECT_FALSE(isReadable(sockets.tcp6.get(), 0));
    });
}

TEST_P(Capture, LetsNobodyInsideServeTheOutside)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        for (const auto& [any, outside, listener] :
             {std::tuple("0.0.0.0", "203.0.113.5", sockets.tcp4.get()),
              std::tuple("::", "2001:db8::5", sockets.tcp6.get()),
              // A server may even have the very address.
              std::tuple("203.0.113.5", "203.0.113.5", sockets.tcp4.get())}) {
            EXPECT_EQ(sandbox.run([&]() -> std::string {
                const UniqueFd server = boundTo(SOCK_STREAM, any, 8080);
                if (!server)
                    return "no server: " + errnoName(errno);
                const std::string said = dial(outside, 8080);
                return said + (isReadable(server.get(), 100) ? ", served inside" : "");
            }),
                      "ok");
            EXPECT_TRUE(taken(listener).starts_with(std::string(outside) + " 8080 from "));
            EXPECT_EQ(sandbox.run([&]() -> std::string {
                const UniqueFd server = boundTo(SOCK_DGRAM, any, 8080);
                const std::string said = sendTo(SOCK_DGRAM, 0, outside, 8080);
                return said + (isReadable(server.get(), 100) ? ", served inside" : "");
            }),
                      "EPERM");
        }
    });
}

TEST_P(Capture, ClosesItsListenersToTheSandbox)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        for (const std::string_view address : {"198.18.0.2", "fd6b:4a1c:90d3::2"}) {
            for (const std::uint16_t port : {1, 2, 53, 443}) {
                EXPECT_EQ(sandbox.run([&] { return dial(address, port); }), "ECONNREFUSED")
                    << address << " " << port;
                EXPECT_EQ(sandbox.run([&] { return sendTo(SOCK_DGRAM, 0, address, port); }),
                          "EPERM")
                    << address << " " << port;
            }
            // Nor does sharing them work, for whoever wants to be the keeper.
            for (const int type : {SOCK_STREAM, SOCK_DGRAM})
                EXPECT_EQ(sandbox.run([&]() -> std::string {
                    const int on = 1;
                    const Endpoint endpoint(address, 2);
                    const UniqueFd socket(::socket(endpoint.family(), type | SOCK_CLOEXEC, 0));
                    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
                    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
                    ::setsockopt(socket.get(), SOL_IPV6, IPV6_FREEBIND, &on, sizeof on);
                    if (::bind(socket.get(), endpoint.get(), endpoint.size) == 0)
                        return type == SOCK_STREAM && ::listen(socket.get(), 1) != 0
                                   ? errnoName(errno)
                                   : "bound";
                    return errnoName(errno);
                }),
                          "EADDRINUSE")
                    << address << " " << type;
        }
        EXPECT_FALSE(isReadable(sockets.tcp4.get(), 0));
        EXPECT_FALSE(isReadable(sockets.dnsTcp4.get(), 0));
        EXPECT_FALSE(isReadable(sockets.dnsUdp4.get(), 0));
    });
}

TEST_P(Capture, DropsWhatNobodyTakes)
{
    captured([](const Sandbox& sandbox, CaptureSockets& sockets) {
        sockets.tcp4.reset();
        EXPECT_EQ(sandbox.run([]() -> std::string {
            const UniqueFd server = boundTo(SOCK_STREAM, "0.0.0.0", 8080);
            const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            const Endpoint outside("203.0.113.5", 8080);
            if (::connect(client.get(), outside.get(), outside.size) != -1 || errno != EINPROGRESS)
                return "connected";
            return isReadable(server.get(), 300) ? "served inside" : "nothing";
        }),
                  "nothing");
    });
}

TEST_P(Capture, WorksWithoutIpv6)
{
    asKeeper(GetParam(), [] {
        const Sandbox sandbox;
        ASSERT_EQ(sandbox.run([]() -> std::string {
            for (const std::string_view which : {"all", "default", "lo"})
                if (!(std::ofstream(std::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", which))
                      << "1" << std::flush))
                    return "cannot switch IPv6 off";
            return "ok";
        }),
                  "ok");
        const auto sockets = captureNetwork(sandbox.init());
        ASSERT_TRUE(sockets) << sockets.error().message;
        EXPECT_FALSE(sockets->tcp6);
        EXPECT_FALSE(sockets->dnsTcp6);
        EXPECT_FALSE(sockets->dnsUdp6);
        EXPECT_EQ(sandbox.run([] { return dial("203.0.113.5", 443); }), "ok");
        EXPECT_EQ(taken(sockets->tcp4.get()), "203.0.113.5 443 from 198.18.0.1");
        EXPECT_THAT(sandbox.run([] { return dial("2001:db8::1", 443); }),
                    testing::AnyOf("ENETUNREACH", "EADDRNOTAVAIL"));
    });
}

TEST_P(Capture, SaysWhenThereIsNothingToTake)
{
    captured([](const Sandbox&, CaptureSockets& sockets) {
        const auto connection = acceptCaptured(sockets.tcp4.get());
        ASSERT_FALSE(connection);
        EXPECT_EQ(connection.error().code, ErrorCode::Unavailable);
    });
}

TEST_P(Capture, SaysWhichStepFailed)
{
    asKeeper(GetParam(), [] {
        pid_t gone = 0;
        {
            const Sandbox sandbox;
            gone = sandbox.init();
        }
        const auto none = captureNetwork(gone);
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().code, ErrorCode::RuntimeFailed);
        EXPECT_NE(none.error().message.find("network"), std::string::npos);

        const Sandbox twice;
        ASSERT_TRUE(captureNetwork(twice.init()));
        const auto again = captureNetwork(twice.init());
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, ErrorCode::RuntimeFailed);
    });
}

} // namespace
} // namespace caisson::test
