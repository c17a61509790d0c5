// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/dns_server.h"

#include "backend/base/log.h"
#include "backend/keeper/egress/capture/dns_answers.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <list>

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

namespace asio = api::asio;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// A query is a name and little else.
constexpr std::size_t kMaxQuery = 4096;
/// Datagrams answered before others of the keeper's tasks have their turn.
constexpr int kBurst = 64;
constexpr std::size_t kMaxConnections = 64;
/// After a failure that more of the same would only repeat, as when descriptors have run out.
constexpr std::chrono::milliseconds kPause(100);

} // namespace

struct DnsServer::Impl : std::enable_shared_from_this<DnsServer::Impl>
{
    Impl(asio::any_io_executor ioExecutor, Names& nameTable, std::chrono::milliseconds idleTime)
        : executor(std::move(ioExecutor))
        , names(nameTable)
        , idle(idleTime)
    {
    }

    using Datagrams = asio::posix::stream_descriptor;
    using Listener = asio::posix::stream_descriptor;
    using Connection = asio::ip::tcp::socket;

    asio::any_io_executor executor;
    Names& names; ///< gone once isOver
    std::chrono::milliseconds idle;
    HasV6 hasV6 = HasV6::No;
    bool isOver = false;
    std::list<asio::posix::stream_descriptor> sockets;
    std::list<Connection> connections;

    void stop()
    {
        isOver = true;
        boost::system::error_code ignored; // of closing what is open
        for (auto& socket : sockets)
            socket.close(ignored);
        for (auto& connection : connections)
            connection.close(ignored);
    }

    Task<void> serveDatagrams(Datagrams& socket);
    Task<void> acceptConnections(Listener& socket, int family);
    Task<void> serveConnection(std::list<Connection>::iterator connection);
    Task<bool> serveMessage(Connection& connection);
    void answerDatagram(int socket, std::string_view message, sockaddr_storage& client,
                        socklen_t size);
};

DnsServer::DnsServer(api::asio::any_io_executor executor, Names& names,
                     std::chrono::milliseconds idle)
    : m_impl(std::make_shared<Impl>(std::move(executor), names, idle))
{
}

DnsServer::~DnsServer()
{
    m_impl->stop();
}

void DnsServer::start(CaptureSockets& sockets)
{
    m_impl->hasV6 = sockets.dnsUdp6 ? HasV6::Yes : HasV6::No;
    // Each task keeps Impl alive; what it serves stays in its list until then.
    for (UniqueFd* socket : {&sockets.dnsUdp4, &sockets.dnsUdp6}) {
        if (!*socket)
            continue;
        auto& opened = m_impl->sockets.emplace_back(m_impl->executor, socket->release());
        api::spawnDetached(
            m_impl->executor,
            [](std::shared_ptr<Impl> impl, Impl::Datagrams& serving) -> Task<void> {
                co_await impl->serveDatagrams(serving);
            }(m_impl, opened),
            "DNS over UDP");
    }
    for (UniqueFd* socket : {&sockets.dnsTcp4, &sockets.dnsTcp6}) {
        if (!*socket)
            continue;
        auto& opened = m_impl->sockets.emplace_back(m_impl->executor, socket->release());
        const int family = socket == &sockets.dnsTcp4 ? AF_INET : AF_INET6;
        api::spawnDetached(
            m_impl->executor,
            [](std::shared_ptr<Impl> impl, Impl::Listener& serving, int of) -> Task<void> {
                co_await impl->acceptConnections(serving, of);
            }(m_impl, opened, family),
            "DNS over TCP");
    }
}

void DnsServer::Impl::answerDatagram(int socket, std::string_view message, sockaddr_storage& client,
                                     socklen_t size)
{
    const auto answer = answerDns(message, names, DnsTransport::Udp, hasV6);
    if (!answer)
        return;
    // What cannot be sent is lost, as datagrams may be: the client asks again.
    std::ignore = ::sendto(socket, answer->data(), answer->size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&client), size);
}

Task<void> DnsServer::Impl::serveDatagrams(Datagrams& socket)
{
    std::array<char, kMaxQuery> room;
    while (!isOver) {
        const auto [code] = co_await socket.async_wait(Datagrams::wait_read, kTuple);
        if (isOver || code)
            co_return;
        for (int i = 0; i < kBurst; ++i) {
            sockaddr_storage client{};
            socklen_t clientSize = sizeof client;
            // With MSG_TRUNC the size is the datagram's own.
            const ssize_t size = ::recvfrom(socket.native_handle(), room.data(), room.size(),
                                            MSG_DONTWAIT | MSG_TRUNC,
                                            reinterpret_cast<sockaddr*>(&client), &clientSize);
            // Also the ICMP error of an answer that nobody took any more.
            if (size < 0)
                break;
            if (static_cast<std::size_t>(size) <= room.size())
                answerDatagram(socket.native_handle(),
                               std::string_view(room.data(), static_cast<std::size_t>(size)),
                               client, clientSize);
        }
    }
}

Task<void> DnsServer::Impl::acceptConnections(Listener& socket, int family)
{
    while (!isOver) {
        const auto [code] = co_await socket.async_wait(Listener::wait_read, kTuple);
        if (isOver || code)
            co_return;
        Result<CapturedConnection> accepted = acceptCaptured(socket.native_handle());
        if (!accepted) {
            if (accepted.error().code != ErrorCode::Unavailable &&
                accepted.error().code != ErrorCode::PermissionDenied) {
                logFailure("DNS over TCP: {}", accepted.error().message);
                co_await api::sleepFor(kPause);
            }
            continue;
        }
        // Beyond the limit it is closed at once: the client goes on to ask over UDP.
        if (connections.size() >= kMaxConnections)
            continue;
        const auto protocol = family == AF_INET ? asio::ip::tcp::v4() : asio::ip::tcp::v6();
        connections.emplace_front(executor, protocol, accepted->socket.release());
        api::spawnDetached(
            executor,
            [](std::shared_ptr<Impl> impl, std::list<Connection>::iterator serving) -> Task<void> {
                co_await impl->serveConnection(serving);
            }(shared_from_this(), connections.begin()),
            "DNS over TCP");
    }
}

Task<void> DnsServer::Impl::serveConnection(std::list<Connection>::iterator connection)
{
    while (!isOver) {
        const auto served = co_await (serveMessage(*connection) || api::sleepFor(idle));
        if (served.index() != 0 || !std::get<0>(served))
            break;
    }
    connections.erase(connection);
}

/// Reads one query and answers it (RFC 7766); false at the end of the connection.
Task<bool> DnsServer::Impl::serveMessage(Connection& connection)
{
    std::array<std::uint8_t, 2> head;
    if (const auto [code, count] =
            co_await asio::async_read(connection, asio::buffer(head), kTuple);
        code)
        co_return false;
    const std::size_t size = static_cast<std::size_t>(head[0]) << 8 | head[1];
    if (size > kMaxQuery)
        co_return false;
    std::string message(size, '\0');
    if (const auto [code, count] =
            co_await asio::async_read(connection, asio::buffer(message), kTuple);
        code || isOver)
        co_return false;
    const auto answer = answerDns(message, names, DnsTransport::Tcp, hasV6);
    if (!answer)
        co_return false;
    std::string framed;
    framed += static_cast<char>(answer->size() >> 8);
    framed += static_cast<char>(answer->size());
    framed += *answer;
    const auto [code, count] = co_await asio::async_write(connection, asio::buffer(framed), kTuple);
    co_return !code;
}

} // namespace caisson::keeper
