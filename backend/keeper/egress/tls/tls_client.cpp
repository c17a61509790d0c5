// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/session_cache.h"
#include "backend/keeper/egress/tls/tls_core.h"
#include "backend/keeper/egress/tls/verify_words.h"
#include "backend/keeper/storage/host_trust.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <format>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace caisson::keeper {

using api::Task;

namespace {

/// What OpenSSL's callbacks know of a connection.
struct Dialled
{
    std::shared_ptr<SessionCache> sessions;
    std::string origin; ///< host and port
    std::string host;
    std::string complaint; ///< about the certificate
    int complaintCode = X509_V_OK;
};

Dialled& dialledOf(const SSL* ssl)
{
    return *static_cast<Dialled*>(SSL_get_app_data(ssl));
}

int onSession(SSL* ssl, SSL_SESSION* session)
{
    Dialled& dialled = dialledOf(ssl);
    dialled.sessions->put(dialled.origin, SessionPtr(session));
    return 1; // it is ours
}

/// Notes the first complaint, and never overrules one.
int onVerified(int good, X509_STORE_CTX* verification)
{
    if (good == 1)
        return 1;
    const auto* ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    Dialled& dialled = dialledOf(ssl);
    if (dialled.complaintCode == X509_V_OK) {
        dialled.complaintCode = X509_STORE_CTX_get_error(verification);
        dialled.complaint = certificateComplaint(dialled.host, dialled.complaintCode,
                                                 X509_STORE_CTX_get_current_cert(verification));
    }
    return 0;
}

bool isAddress(const std::string& host)
{
    in6_addr room{};
    return ::inet_pton(AF_INET, host.c_str(), &room) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

bool setExpectedHost(SSL* ssl, const std::string& host)
{
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
    if (isAddress(host))
        return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
    // Names are those of subjectAltName alone (RFC 6125, 6.4.4), "*" only a whole label.
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

bool setAlpn(SSL* ssl, const std::vector<std::string>& protocols)
{
    std::string list;
    for (const std::string& protocol : protocols) {
        list += static_cast<char>(protocol.size());
        list += protocol;
    }
    return list.empty() ||
           SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                               static_cast<unsigned>(list.size())) == 0; // 0 is success here
}

/// Why a handshake failed that did not fail for the certificate.
std::string handshakeWords(const TlsCore& core, const std::string& origin, const Error& error)
{
    if (const auto alert = core.alert())
        return std::format("{} refused the TLS handshake: {}", origin,
                           SSL_alert_desc_string_long(*alert));
    switch (core.reasonCode()) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
        return std::format("{} does not speak TLS", origin);
    case SSL_R_UNSUPPORTED_PROTOCOL:
        return std::format("{} speaks no newer TLS than 1.1, which is broken", origin);
    default:
        break;
    }
    if (error.code == ErrorCode::Unavailable)
        return std::format("{} closed the connection during the TLS handshake", origin);
    return std::format("{}: {}", origin, error.message);
}

Result<void> loadTrust(SSL_CTX* context)
{
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    // Whom the host's store or the person names is trusted, also if it is not a root.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    // Looked up one by one as they are needed, where the host has them so: reading the whole bundle
    // takes milliseconds and megabytes.
    const HostTrust host = findHostTrust({});
    if (!host.hashedFolder.empty())
        X509_STORE_load_path(store, host.hashedFolder.c_str());
    else if (!host.bundle.empty())
        X509_STORE_load_file(store, host.bundle.c_str());
    ERR_clear_error();
    const char* extra = std::getenv("CAISSON_UPSTREAM_CA");
    if (extra && *extra && X509_STORE_load_file(store, extra) != 1) {
        ERR_clear_error();
        return fail(
            ErrorCode::BadRequest,
            std::format("CAISSON_UPSTREAM_CA: no certificate in PEM can be read from {}", extra));
    }
    return {};
}

} // namespace

struct TlsClient::Impl
{
    std::chrono::milliseconds handshakeLimit{};
    SslContextPtr context;
    std::shared_ptr<SessionCache> sessions = std::make_shared<SessionCache>();
};

TlsClient::TlsClient()
    : m_impl(std::make_unique<Impl>())
{
}

TlsClient::~TlsClient() = default;

Result<std::unique_ptr<TlsClient>> TlsClient::create(std::chrono::milliseconds handshakeLimit)
{
    std::unique_ptr<TlsClient> client(new TlsClient());
    client->m_impl->handshakeLimit = handshakeLimit;
    SslContextPtr& context = client->m_impl->context;
    context.reset(SSL_CTX_new(TLS_client_method()));
    if (!context)
        return fail(ErrorCode::Internal, "cannot set TLS up");
    setCommonOptions(context.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, onVerified);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), onSession);
    if (Result<void> loaded = loadTrust(context.get()); !loaded)
        return std::unexpected(loaded.error());
    return client;
}

Task<Result<TlsOpened>> TlsClient::connect(TcpSocket socket, std::string_view host,
                                           std::uint16_t port, std::vector<std::string> alpn)
{
    const auto dialled = std::make_shared<Dialled>();
    dialled->sessions = m_impl->sessions;
    dialled->host = host;
    dialled->origin = std::format("{}:{}", host, port);
    ERR_clear_error();
    SslPtr ssl(SSL_new(m_impl->context.get()));
    if (!ssl || SSL_set_app_data(ssl.get(), dialled.get()) != 1 ||
        !setExpectedHost(ssl.get(), dialled->host) || !setAlpn(ssl.get(), alpn))
        co_return fail(ErrorCode::Internal, "cannot set TLS up");
    if (const SessionPtr session = dialled->sessions->take(dialled->origin))
        SSL_set_session(ssl.get(), session.get());
    SSL_set_connect_state(ssl.get());
    const auto core = std::make_shared<TlsCore>(std::move(socket), std::string());
    if (!core->attach(std::move(ssl), dialled))
        co_return fail(ErrorCode::Internal, "cannot set TLS up");
    const HandshakeLimit limit(core, m_impl->handshakeLimit);
    if (Result<void> shaken = co_await core->shakeHands(); !shaken) {
        Error error = std::move(shaken.error());
        dialled->sessions->forget(dialled->origin);
        if (dialled->complaintCode != X509_V_OK)
            error = {ErrorCode::Protocol,
                     dialled->complaint,
                     {{"tls", X509_verify_cert_error_string(dialled->complaintCode)}}};
        else if (limit.fired())
            error = {ErrorCode::Timeout,
                     dialled->origin + " did not finish the TLS handshake in time",
                     {}};
        else if (error.code != ErrorCode::Cancelled)
            error.message = handshakeWords(*core, dialled->origin, error);
        core->cancel(Stream::Ending::Close);
        co_return std::unexpected(std::move(error));
    }
    // A last look, should a callback above ever be changed: no trust is made here.
    if (SSL_get_verify_result(core->ssl()) != X509_V_OK) {
        core->cancel(Stream::Ending::Close);
        co_return fail(ErrorCode::Protocol,
                       std::format("the certificate of {} was not verified", host));
    }
    co_return TlsOpened{makeTlsStream(core), chosenAlpn(core->ssl()), {}};
}

} // namespace caisson::keeper
