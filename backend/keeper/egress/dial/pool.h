// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/dial/dialer.h"
#include "backend/keeper/egress/http/exchange.h"
#include "backend/keeper/egress/tls/tls_stream.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace caisson::keeper {

/// Where requests go. Two origins that differ in any part share no connection.
struct Origin
{
    std::string host; ///< canonical
    std::uint16_t port = 443;
    bool isTls = true;
    Reach reach = Reach::Public;
    /// Upgrades (WebSocket) are HTTP/1.1's. In clear nothing tells what an origin speaks: `Any` is
    /// HTTP/1.1 there, and what came in as HTTP/2 (gRPC) goes on as that.
    enum class Versions { Any, OnlyHttp1, OnlyHttp2 };
    Versions versions = Versions::Any;
    auto operator<=>(const Origin&) const = default;
};

struct Lease
{
    std::unique_ptr<http::UpstreamExchange> exchange;
    policy::Address address;
};

/// The connections to origins that are kept for the next request. A sandbox's own: no other sandbox's
/// requests travel on them. Idle ones are closed after a minute.
class UpstreamPool
{
public:
    UpstreamPool(api::asio::any_io_executor executor, Dialer& dialer);
    ~UpstreamPool();

    /// An exchange on a kept connection or a new one. Errors as Dialer's and TlsClient's.
    /// `Fresh` never takes a kept one; one to an address that `check` does not let pass is none to
    /// take. Origin and check outlive the call.
    enum class Connection { Any, Fresh };
    api::Task<Result<Lease>> open(const Origin& origin, const AddressCheck& check,
                                  Connection wanted = Connection::Any);

    /// TLS to an origin for a stream that is no HTTP.
    api::Task<Result<TlsOpened>> openTls(TcpSocket socket, std::string host, std::uint16_t port,
                                         std::vector<std::string> alpn);
    /// Connections, in use or kept.
    std::size_t size() const;

private:
    struct Kept;
    struct Slot;
    struct Dialling;
    api::Task<Result<std::shared_ptr<Kept>>> dial(Origin origin, AddressCheck check);
    api::Task<void> sweep();
    Result<TlsClient*> tls();

    api::asio::any_io_executor m_executor;
    Dialer& m_dialer;
    std::unique_ptr<TlsClient> m_tls;
    std::map<Origin, std::shared_ptr<Slot>> m_slots;
    std::shared_ptr<bool> m_isAlive = std::make_shared<bool>(true);
};

} // namespace caisson::keeper
