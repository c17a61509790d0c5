// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/origin_certificate.h"

#include "backend/keeper/egress/tls/openssl_handles.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace caisson::keeper {

namespace {

void require(bool good)
{
    if (!good)
        throw std::runtime_error("OpenSSL refused to make a certificate for a test");
}

template<class Write>
std::string toPem(Write write)
{
    const BioPtr memory(BIO_new(BIO_s_mem()));
    require(write(memory.get()) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

KeyPtr keyFrom(const std::string& pem)
{
    const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return KeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
}

CertificatePtr certificateFrom(const std::string& pem)
{
    const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return CertificatePtr(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

void addExtension(X509* certificate, int kind, const std::string& text)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str());
    require(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

CertificatePtr begin(EVP_PKEY* key, const std::string& name, int from, int until)
{
    static long serial = 1000;
    CertificatePtr certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until * 86400L);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return certificate;
}

KeyAndCertificate finished(const KeyPtr& key, const CertificatePtr& certificate)
{
    return {toPem([&](BIO* bio) {
                return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
            }),
            toPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); })};
}

CertificatePtr leaf(EVP_PKEY* key, const OriginCertificate& what)
{
    CertificatePtr certificate = begin(key, what.name, what.validFrom, what.validUntil);
    std::string names;
    for (const std::string& name : what.dnsNames)
        names += (names.empty() ? "DNS:" : ",DNS:") + name;
    for (const std::string& address : what.addresses)
        names += (names.empty() ? "IP:" : ",IP:") + address;
    if (!names.empty())
        addExtension(certificate.get(), NID_subject_alt_name, names);
    return certificate;
}

} // namespace

KeyAndCertificate makeTestAuthority(const std::string& name)
{
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr root = begin(key.get(), name, -10, 100);
    X509_set_issuer_name(root.get(), X509_get_subject_name(root.get()));
    addExtension(root.get(), NID_basic_constraints, "critical,CA:TRUE");
    addExtension(root.get(), NID_key_usage, "critical,keyCertSign");
    require(X509_sign(root.get(), key.get(), EVP_sha256()) > 0);
    return finished(key, root);
}

KeyAndCertificate issue(const KeyAndCertificate& authority, const OriginCertificate& what)
{
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate = leaf(key.get(), what);
    X509_set_issuer_name(certificate.get(),
                         X509_get_subject_name(certificateFrom(authority.certificate).get()));
    require(X509_sign(certificate.get(), keyFrom(authority.key).get(), EVP_sha256()) > 0);
    return finished(key, certificate);
}

KeyAndCertificate selfSigned(const OriginCertificate& what)
{
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate = leaf(key.get(), what);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    return finished(key, certificate);
}

namespace {

int chooseAlpn(SSL*, const unsigned char** chosen, unsigned char* size,
               const unsigned char* offered, unsigned offeredSize, void* list)
{
    const auto& own = *static_cast<const std::string*>(list);
    unsigned char* name = nullptr;
    if (SSL_select_next_proto(&name, size, reinterpret_cast<const unsigned char*>(own.data()),
                              static_cast<unsigned>(own.size()), offered,
                              offeredSize) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = name;
    return SSL_TLSEXT_ERR_OK;
}

} // namespace

Origin::Origin(const KeyAndCertificate& certificate, const Options& options)
    : m_listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(m_listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            ::listen(m_listener, 8) == 0 &&
            ::getsockname(m_listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    m_port = ntohs(address.sin_port);
    m_thread = std::thread([this, certificate, options] { serve(certificate, options); });
}

Origin::~Origin()
{
    ::shutdown(m_listener, SHUT_RDWR); // who still waits there waits no more
    join();
    ::close(m_listener);
}

void Origin::join()
{
    if (m_thread.joinable())
        m_thread.join();
}

int Origin::resumed()
{
    join();
    return m_resumed;
}

std::string Origin::serverName()
{
    join();
    return m_serverName;
}

void Origin::serve(const KeyAndCertificate& certificate, const Options& options)
{
    const SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificateFrom(certificate.certificate).get());
    SSL_CTX_use_PrivateKey(context.get(), keyFrom(certificate.key).get());
    if (options.maxVersion != 0)
        SSL_CTX_set_max_proto_version(context.get(), options.maxVersion);
    std::string alpn;
    for (const std::string& name : options.alpn)
        alpn += static_cast<char>(name.size()) + name;
    if (!alpn.empty())
        SSL_CTX_set_alpn_select_cb(context.get(), chooseAlpn, &alpn);
    for (int i = 0; i < options.connections; ++i) {
        const int socket = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0)
            return;
        if (!options.plainAnswer.empty() || options.isSilent) {
            if (!options.plainAnswer.empty())
                (void)!::write(socket, options.plainAnswer.data(), options.plainAnswer.size());
            // Until the other end has gone.
            char room[4096];
            while (::read(socket, room, sizeof room) > 0) {
            }
            ::close(socket);
            continue;
        }
        const SslPtr ssl(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), socket);
        if (SSL_accept(ssl.get()) == 1) {
            m_resumed += SSL_session_reused(ssl.get());
            const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
            m_serverName = name ? name : "";
            SSL_write(ssl.get(), "hello", 5);
            if (options.closesCleanly)
                SSL_shutdown(ssl.get());
        }
        ::shutdown(socket, SHUT_WR);
        char room[4096];
        while (::read(socket, room, sizeof room) > 0) {
        }
        ::close(socket);
    }
}

} // namespace caisson::keeper
