// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/tls/openssl_handles.h"
#include "backend/keeper/egress/tls/tcp_core.h"

#include <array>
#include <optional>
#include <string>

namespace caisson::keeper {

/// One TLS connection: OpenSSL between a socket and plain bytes.
///
/// OpenSSL reads large pieces straight from the socket. What it writes is gathered during a call
/// and sent after it, so a call into OpenSSL never has to be repeated for want of room, and many
/// records go in one send(2). Only what the socket did not take at once costs memory of its own.
class TlsCore : public TcpCore, public std::enable_shared_from_this<TlsCore>
{
public:
    /// `alreadyRead` comes before what the socket has.
    TlsCore(TcpSocket socket, std::string alreadyRead);
    ~TlsCore() override;

    /// Once, before all else. False when memory is short. `kept` lives as long as `ssl`.
    bool attach(SslPtr ssl, std::shared_ptr<void> kept = {});
    SSL* ssl() const { return m_ssl.get(); }

    /// Until the handshake has succeeded. On failure alert() and reason() tell more.
    api::Task<Result<void>> shakeHands();
    api::Task<Result<std::size_t>> read(std::span<char> room);
    api::Task<Result<void>> write(std::span<const char> bytes);
    api::Task<void> finish();
    /// See Stream::isQuiet(). What TLS says for itself, session tickets above all, is taken in.
    bool isQuiet();
    // The coroutines hold on to the connection themselves.

    /// The fatal alert that the other end has sent, if that is how it failed.
    std::optional<int> alert() const { return m_alert; }
    /// OpenSSL's reason for the failure, for `detail.tls`.
    const std::string& reason() const { return m_reason; }
    /// ERR_GET_REASON of it.
    int reasonCode() const { return m_reasonCode; }

private:
    friend struct TlsBio;

    int bioRead(BIO* bio, char* room, int size);
    /// Takes OpenSSL's error queue to pieces.
    Error takeError(std::string_view what);
    /// Sends what OpenSSL has just written, as far as it goes without waiting.
    Result<void> sendGathered();
    /// And waits until the rest has gone.
    api::Task<Result<void>> sendAll();
    /// Waits for bytes from the socket.
    api::Task<Result<void>> awaitInput();
    bool hasInput() const;

    std::shared_ptr<void> m_kept; ///< what OpenSSL's callbacks point to
    SslPtr m_ssl;
    std::string m_alreadyRead;
    std::size_t m_alreadyTaken = 0;
    /// Where a wait for input ends: small, since every idle connection has one. Usual requests fit;
    /// of more, OpenSSL reads the rest itself.
    std::array<char, 4096> m_waited;
    std::size_t m_waitedBegin = 0;
    std::size_t m_waitedEnd = 0;
    std::string m_unsent;   ///< what the socket did not take yet
    bool m_sending = false; ///< a coroutine waits for the socket to take more
    bool m_inputEnded = false;
    bool m_finished = false; ///< this side has
    int m_inputError = 0;
    std::optional<Error> m_broken; ///< what every further call gets
    std::optional<int> m_alert;
    std::string m_reason;
    int m_reasonCode = 0;
};

/// As a Stream.
std::unique_ptr<Stream> makeTlsStream(std::shared_ptr<TlsCore> core);

/// What client and server have in common: TLS 1.2 and 1.3, no renegotiation, no compression,
/// buffers only while they are needed.
void setCommonOptions(SSL_CTX* context);

/// Whether the other end says by this alert that it trusts no such certificate: bad_certificate,
/// certificate_unknown, unknown_ca (RFC 8446, 6.2).
bool isTrustAlert(int alert);

/// Which protocol both ends chose.
Alpn chosenAlpn(const SSL* ssl);

/// Ends a handshake that takes too long. While it exists; `fired()` afterwards.
class HandshakeLimit
{
public:
    HandshakeLimit(const std::shared_ptr<TlsCore>& core, std::chrono::milliseconds limit);
    ~HandshakeLimit();
    bool fired() const { return *m_fired; }

private:
    std::shared_ptr<bool> m_fired = std::make_shared<bool>(false);
    api::asio::steady_timer m_timer;
};

} // namespace caisson::keeper
