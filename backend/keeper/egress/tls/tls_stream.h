// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"
#include "backend/keeper/egress/tls/authority.h"

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caisson::keeper {

using TcpSocket = api::asio::ip::tcp::socket;

/// Whether the other end of a connection is closed both ways. TCP itself does not tell: who has
/// finished writing and who has closed both send a FIN and no more. Not set: it cannot be told.
using HasClosed = std::function<bool()>;

/// See Stream::hasPeerLeft().
bool hasPeerLeft(TcpSocket& socket, const HasClosed& hasClosed);

/// TCP as a Stream.
std::unique_ptr<Stream> makeTcpStream(TcpSocket socket, HasClosed hasClosed = {});

/// The application protocol that both ends chose (RFC 7301).
enum class Alpn { None, Http1, Http2 };

struct TlsOpened
{
    std::unique_ptr<Stream> stream;
    Alpn alpn = Alpn::None;
    std::string address; ///< upstream: that it was dialled at, left to the caller
};

/// Why a client inside did not go on with a handshake.
enum class TlsRefusal {
    Other,
    UnknownAuthority ///< alert unknown_ca, bad_certificate or certificate_unknown, or a close right
                     ///< after the certificate: a client that pins, or brings its own trust store
};

/// How long a handshake may take. Shorter in tests.
inline constexpr std::chrono::milliseconds kHandshakeLimit{15000};

/// TLS towards the sandbox, with leaves of its authority. TLS 1.2 and 1.3. One for a sandbox.
class TlsServer
{
public:
    explicit TlsServer(Authority& authority,
                       std::chrono::milliseconds handshakeLimit = kHandshakeLimit);
    ~TlsServer();

    /// Opens TLS on a connection whose first bytes, the ClientHello, were read already. Offers h2
    /// and http/1.1. `host` is canonical, the certificate's name. Error: `detail.refusal` is
    /// "unknown_authority" or "other". Timeout after 15 s.
    api::Task<Result<TlsOpened>> accept(TcpSocket socket, std::string alreadyRead,
                                        std::string_view host, HasClosed hasClosed = {});

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// TLS towards origins: the host's trust store, plus CAISSON_UPSTREAM_CA. Verification cannot be
/// switched off.
class TlsClient
{
public:
    static Result<std::unique_ptr<TlsClient>>
    create(std::chrono::milliseconds handshakeLimit = kHandshakeLimit);
    ~TlsClient();

    /// `host` is verified against the certificate (RFC 6125; an address against its IP names) and
    /// sent as SNI when it is a name. Offers `alpn` ("h2", "http/1.1"). Protocol with the reason
    /// in words (expired, self-signed, another name) when the certificate is not good; `detail.tls` is
    /// OpenSSL's reason. Sessions are resumed by (host, port). Timeout after 15 s.
    api::Task<Result<TlsOpened>> connect(TcpSocket socket, std::string_view host,
                                         std::uint16_t port, std::vector<std::string> alpn);

private:
    TlsClient();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
