// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/leaf.h"
#include "backend/keeper/egress/tls/tls_core.h"

#include <array>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace caisson::keeper {

using api::Task;

namespace {

/// In the order of preference: "h2", "http/1.1", each behind its length (RFC 7301, 3.1).
constexpr std::string_view kProtocols = "\x02h2\x08http/1.1";

/// A client that knows neither goes on without: it speaks HTTP/1 then, or is told off.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosenSize,
                   const unsigned char* offered, unsigned offeredSize, void*)
{
    unsigned char* name = nullptr;
    const int outcome = SSL_select_next_proto(
        &name, chosenSize, reinterpret_cast<const unsigned char*>(kProtocols.data()),
        static_cast<unsigned>(kProtocols.size()), offered, offeredSize);
    if (outcome != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = name;
    return SSL_TLSEXT_ERR_OK;
}

Result<SslContextPtr> makeServerContext()
{
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context)
        return fail(ErrorCode::Internal, "cannot set TLS up");
    setCommonOptions(context.get());
    // Both ends are on this machine: the cheapest exchange is as good as any. What the client
    // offers without a key share costs a round trip and is taken nevertheless.
    SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384:P-521:X448:?X25519MLKEM768");
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Sessions are in the client's tickets; the keys of these were made with the context, in memory.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_alpn_select_cb(context.get(), chooseProtocol, nullptr);
    return context;
}

/// A session is of one name: another would not be shown its own certificate (RFC 6066, 3).
bool keepSessionsApart(SSL* ssl, std::string_view host)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    return EVP_Digest(host.data(), host.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1 &&
           SSL_set_session_id_context(ssl, digest.data(), size) == 1;
}

/// Whether the client has had the certificate and its answer to it was awaited.
bool certificateWasJudged(const SSL* ssl)
{
    if (SSL_session_reused(ssl))
        return false;
    switch (SSL_get_state(ssl)) {
    case TLS_ST_SW_SRVR_DONE: // TLS 1.2: the key exchange is next
    case TLS_ST_SW_FINISHED:  // TLS 1.3: Finished is next
    case TLS_ST_EARLY_DATA:
        return true;
    default:
        return false;
    }
}

TlsRefusal refusalOf(const TlsCore& core, const Error& error, bool judged)
{
    if (const auto alert = core.alert())
        return isTrustAlert(*alert) ? TlsRefusal::UnknownAuthority : TlsRefusal::Other;
    return judged && error.code == ErrorCode::Unavailable ? TlsRefusal::UnknownAuthority
                                                          : TlsRefusal::Other;
}

} // namespace

struct TlsServer::Impl
{
    Authority& authority;
    std::chrono::milliseconds handshakeLimit;
    Result<SslContextPtr> context = makeServerContext();
};

TlsServer::TlsServer(Authority& authority, std::chrono::milliseconds handshakeLimit)
    : m_impl(new Impl{authority, handshakeLimit})
{
}

TlsServer::~TlsServer() = default;

Task<Result<TlsOpened>> TlsServer::accept(TcpSocket socket, std::string alreadyRead,
                                          std::string_view host, HasClosed hasClosed)
{
    if (!m_impl->context)
        co_return std::unexpected(m_impl->context.error());
    const auto leaf = m_impl->authority.leafFor(host);
    if (!leaf)
        co_return std::unexpected(leaf.error());
    ERR_clear_error();
    SslPtr ssl(SSL_new(m_impl->context->get()));
    if (!ssl || SSL_use_certificate(ssl.get(), (*leaf)->certificate.get()) != 1 ||
        SSL_use_PrivateKey(ssl.get(), (*leaf)->key.get()) != 1 ||
        !keepSessionsApart(ssl.get(), host))
        co_return fail(ErrorCode::Internal, "cannot set TLS up");
    SSL_set_accept_state(ssl.get());
    const auto core = std::make_shared<TlsCore>(std::move(socket), std::move(alreadyRead));
    core->setHasClosed(std::move(hasClosed));
    if (!core->attach(std::move(ssl)))
        co_return fail(ErrorCode::Internal, "cannot set TLS up");
    const HandshakeLimit limit(core, m_impl->handshakeLimit);
    if (Result<void> shaken = co_await core->shakeHands(); !shaken) {
        Error error = std::move(shaken.error());
        if (limit.fired())
            error = {
                ErrorCode::Timeout, "TLS handshake: the client did not finish it within 15 s", {}};
        const bool judged = certificateWasJudged(core->ssl());
        const bool trust = refusalOf(*core, error, judged) == TlsRefusal::UnknownAuthority;
        error.detail["refusal"] = trust ? "unknown_authority" : "other";
        core->cancel(Stream::Ending::Close);
        co_return std::unexpected(std::move(error));
    }
    co_return TlsOpened{makeTlsStream(core), chosenAlpn(core->ssl()), {}};
}

} // namespace caisson::keeper
