// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/verify_words.h"

#include "backend/base/clock.h"
#include "backend/keeper/egress/tls/openssl_handles.h"

#include <ctime>
#include <format>

#include <openssl/asn1.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxText = 80;
constexpr int kMaxNames = 3;

std::string harmless(std::string_view text)
{
    std::string shown(text.substr(0, kMaxText));
    for (char& c : shown) {
        if (c < ' ' || c > '~')
            c = '?';
    }
    return text.size() > kMaxText ? shown + "..." : shown;
}

std::string dateOf(const ASN1_TIME* time)
{
    std::tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return "an unreadable date";
    return toRfc3339(std::chrono::system_clock::from_time_t(::timegm(&parts))).substr(0, 10);
}

std::string textOf(const X509_NAME* name)
{
    const BioPtr memory(BIO_new(BIO_s_mem()));
    char* bytes = nullptr;
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0)
        return "?";
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return harmless({bytes, static_cast<std::size_t>(size)});
}

/// The first DNS names it is for.
std::string namesOf(X509* certificate)
{
    const std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>> names(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string text;
    int shown = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS)
            continue;
        if (++shown > kMaxNames)
            return text + ", ...";
        const ASN1_STRING* value = name->d.dNSName;
        text += shown > 1 ? ", " : "";
        text += harmless({reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                          static_cast<std::size_t>(ASN1_STRING_length(value))});
    }
    return text;
}

std::string untrusted(std::string_view host, X509* certificate)
{
    const std::string issuer =
        certificate ? std::format(" ({})", textOf(X509_get_issuer_name(certificate))) : "";
    return std::format("the certificate of {} is signed by an authority that this host does not "
                       "trust{}",
                       host, issuer);
}

} // namespace

std::string certificateComplaint(std::string_view host, int error, X509* certificate)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return std::format("the certificate of {} expired on {}", host,
                           dateOf(certificate ? X509_get0_notAfter(certificate) : nullptr));
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return std::format("the certificate of {} is not valid before {}", host,
                           dateOf(certificate ? X509_get0_notBefore(certificate) : nullptr));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return std::format("the certificate of {} is self-signed", host);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
        const std::string names = certificate ? namesOf(certificate) : "";
        return std::format("the certificate that {} showed is for another name{}{}", host,
                           names.empty() ? "" : ": ", names);
    }
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return untrusted(host, certificate);
    case X509_V_ERR_CERT_REVOKED:
        return std::format("the certificate of {} was revoked", host);
    default:
        return std::format("the certificate of {} is not good: {}", host,
                           X509_verify_cert_error_string(error));
    }
}

} // namespace caisson::keeper
