// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/client_hello.h"
#include "backend/keeper/egress/tls/openssl_handles.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/err.h>

using namespace caisson::keeper;

namespace {

void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

int noteName(SSL* ssl, int*, void* seen)
{
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    *static_cast<std::optional<std::string>*>(seen) = name ? name : "";
    return SSL_TLSEXT_ERR_ALERT_FATAL; // that was all there is to know
}

/// The name that OpenSSL reads; nothing where it does not get that far.
std::optional<std::string> nameByOpenssl(std::string_view bytes)
{
    static const SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    std::optional<std::string> seen;
    SSL_CTX_set_tlsext_servername_callback(context.get(), noteName);
    SSL_CTX_set_tlsext_servername_arg(context.get(), &seen);
    const SslPtr ssl(SSL_new(context.get()));
    BIO* input = BIO_new(BIO_s_mem());
    BIO_write(input, bytes.data(), static_cast<int>(bytes.size()));
    SSL_set_bio(ssl.get(), input, BIO_new(BIO_s_mem()));
    SSL_accept(ssl.get());
    ERR_clear_error();
    return seen;
}

} // namespace

/// What is decided on is what OpenSSL will read later, however the bytes are cut and whatever
/// follows them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const HelloOutcome outcome = parseClientHello(bytes);
    const HelloOutcome half = parseClientHello(bytes.substr(0, size / 2));
    const HelloOutcome more = parseClientHello(std::string(bytes) + "more");
    switch (outcome.state) {
    case HelloState::Complete:
        require(more.state == HelloState::Complete, "what follows changes the state");
        require(more.hello.serverName == outcome.hello.serverName, "what follows changes the name");
        require(half.state == HelloState::Complete || half.state == HelloState::Incomplete,
                "a half of what is good is bad");
        if (const auto name = nameByOpenssl(bytes))
            require(*name == outcome.hello.serverName, "OpenSSL reads another name");
        break;
    case HelloState::Malformed:
    case HelloState::NotTls:
        require(more.state == outcome.state, "what follows makes it good");
        break;
    case HelloState::Incomplete:
        require(half.state == HelloState::Incomplete, "less of it is more");
        break;
    }
    return 0;
}
