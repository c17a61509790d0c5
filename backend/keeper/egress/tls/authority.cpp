// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/authority.h"

#include "backend/keeper/egress/tls/leaf.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <list>
#include <unordered_map>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace caisson::keeper {

namespace {

using Clock = std::chrono::system_clock;
using std::chrono::days;

constexpr std::size_t kMaxLeaves = 1024;
constexpr days kBackdated{
    1}; ///< for clocks inside that are changed, and for time zones taken wrong
constexpr days kLeafLife{30};
/// A leaf is made anew well before clients would refuse it: a sandbox may run for months.
constexpr days kLeafUse{15};
constexpr days kAuthorityLife{3650};
/// ub-common-name (RFC 5280, appendix A).
constexpr std::size_t kMaxCommonName = 64;
constexpr std::size_t kMaxHostName = 253;

std::unexpected<Error> failOpenssl(const char* what)
{
    char reason[256] = "";
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return fail(ErrorCode::Internal, std::string(what) + ": " + reason);
}

Result<KeyPtr> makeKey()
{
    KeyPtr key(EVP_EC_gen("P-256"));
    if (!key)
        return failOpenssl("cannot make a key");
    return key;
}

/// Random, positive and below 20 bytes (RFC 5280, 4.1.2.2).
bool setRandomSerial(X509* certificate)
{
    std::array<unsigned char, 16> bytes;
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        return false;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
    const std::unique_ptr<BIGNUM, FreeBy<BN_free>> number(
        BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

bool setLife(X509* certificate, Clock::time_point now, days life)
{
    const auto at = [](Clock::time_point time) { return Clock::to_time_t(time); };
    return ASN1_TIME_set(X509_getm_notBefore(certificate), at(now - kBackdated)) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), at(now + life));
}

bool addToName(X509_NAME* name, const char* field, std::string_view value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
}

/// Only for texts that are constant: the syntax has separators.
bool addExtension(X509* certificate, X509V3_CTX& context, int kind, const char* text)
{
    const std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, text));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The bytes of an address, or nothing for a name.
std::string addressBytes(const std::string& host)
{
    std::array<char, 16> bytes;
    if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1)
        return {bytes.data(), 4};
    if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1)
        return {bytes.data(), 16};
    return {};
}

/// The name as the one entry of subjectAltName; made by hand, since the text form would take a
/// comma for the end of a name.
bool addAlternativeName(X509* certificate, const std::string& host)
{
    const std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>> names(
        sk_GENERAL_NAME_new_null());
    std::unique_ptr<GENERAL_NAME, FreeBy<GENERAL_NAME_free>> name(GENERAL_NAME_new());
    if (!names || !name)
        return false;
    const std::string address = addressBytes(host);
    const std::string& value = address.empty() ? host : address;
    ASN1_STRING* text =
        ASN1_STRING_type_new(address.empty() ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (!text)
        return false;
    GENERAL_NAME_set0_value(name.get(), address.empty() ? GEN_DNS : GEN_IPADD, text);
    if (!ASN1_STRING_set(text, value.data(), static_cast<int>(value.size())) ||
        !sk_GENERAL_NAME_push(names.get(), name.get()))
        return false;
    (void)name.release(); // now in `names`
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

/// At most `limit` bytes, and no half of a UTF-8 character.
std::string shortened(std::string text, std::size_t limit)
{
    if (text.size() > limit) {
        while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
            --limit;
        text.resize(limit);
    }
    return text;
}

Result<CertificatePtr> makeRoot(EVP_PKEY* key, const std::string& sandboxName)
{
    CertificatePtr root(X509_new());
    if (!root)
        return failOpenssl("cannot make a certificate");
    X509_NAME* name = X509_get_subject_name(root.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, root.get(), root.get(), nullptr, nullptr, 0);
    const bool made =
        X509_set_version(root.get(), X509_VERSION_3) && setRandomSerial(root.get()) &&
        setLife(root.get(), Clock::now(), kAuthorityLife) && addToName(name, "O", "Caisson") &&
        addToName(name, "CN", shortened("Caisson " + sandboxName, kMaxCommonName)) &&
        X509_set_issuer_name(root.get(), name) && X509_set_pubkey(root.get(), key) &&
        addExtension(root.get(), context, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        addExtension(root.get(), context, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        addExtension(root.get(), context, NID_subject_key_identifier, "hash") &&
        addExtension(root.get(), context, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(root.get(), key, EVP_sha256()) > 0;
    if (!made)
        return failOpenssl("cannot make the authority's certificate");
    return root;
}

Result<std::string> pemOf(X509* certificate)
{
    const BioPtr memory(BIO_new(BIO_s_mem()));
    if (!memory || !PEM_write_bio_X509(memory.get(), certificate))
        return failOpenssl("cannot write the authority's certificate");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
}

/// Canonical names are all of this. Checked once more, since a certificate is an odd place for
/// anything else.
bool isHostText(std::string_view host)
{
    return !host.empty() && host.size() <= kMaxHostName &&
           std::ranges::all_of(host, [](char c) { return c > ' ' && c < '\x7f'; });
}

struct TextHash
{
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const
    {
        return std::hash<std::string_view>()(text);
    }
};

} // namespace

struct Authority::Impl
{
    using Entry = std::pair<std::string, std::shared_ptr<const Leaf>>;

    Result<std::shared_ptr<const Leaf>> makeLeaf(const std::string& host) const;

    KeyPtr key;
    CertificatePtr root;
    std::string pem;
    KeyPtr leafKey; ///< another than the authority's, which signs certificates and nothing else
    std::list<Entry> leaves; ///< the one used last is first
    std::unordered_map<std::string, std::list<Entry>::iterator, TextHash, std::equal_to<>> byHost;
};

Result<std::shared_ptr<const Authority::Leaf>>
Authority::Impl::makeLeaf(const std::string& host) const
{
    const Clock::time_point now = Clock::now();
    CertificatePtr leaf(X509_new());
    if (!leaf)
        return failOpenssl("cannot make a certificate");
    X509_NAME* name = X509_get_subject_name(leaf.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, root.get(), leaf.get(), nullptr, nullptr, 0);
    const bool made =
        X509_set_version(leaf.get(), X509_VERSION_3) && setRandomSerial(leaf.get()) &&
        setLife(leaf.get(), now, kLeafLife) && addToName(name, "O", "Caisson") &&
        (host.size() > kMaxCommonName || addToName(name, "CN", host)) &&
        X509_set_issuer_name(leaf.get(), X509_get_subject_name(root.get())) &&
        X509_set_pubkey(leaf.get(), leafKey.get()) &&
        addExtension(leaf.get(), context, NID_basic_constraints, "critical,CA:FALSE") &&
        addExtension(leaf.get(), context, NID_key_usage, "critical,digitalSignature") &&
        addExtension(leaf.get(), context, NID_ext_key_usage, "serverAuth") &&
        addExtension(leaf.get(), context, NID_subject_key_identifier, "hash") &&
        addExtension(leaf.get(), context, NID_authority_key_identifier, "keyid:always") &&
        addAlternativeName(leaf.get(), host) && X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0;
    if (!made)
        return failOpenssl("cannot make a certificate");
    EVP_PKEY_up_ref(leafKey.get());
    return std::make_shared<const Leaf>(Leaf{std::move(leaf), KeyPtr(leafKey.get()), now});
}

Authority::Authority()
    : m_impl(std::make_unique<Impl>())
{
}

Authority::~Authority() = default;

Result<std::unique_ptr<Authority>> Authority::create(const std::string& sandboxName)
{
    std::unique_ptr<Authority> authority(new Authority());
    Impl& impl = *authority->m_impl;
    auto key = makeKey();
    if (!key)
        return std::unexpected(key.error());
    auto leafKey = makeKey();
    if (!leafKey)
        return std::unexpected(leafKey.error());
    auto root = makeRoot(key->get(), sandboxName);
    if (!root)
        return std::unexpected(root.error());
    auto pem = pemOf(root->get());
    if (!pem)
        return std::unexpected(pem.error());
    impl.key = std::move(*key);
    impl.leafKey = std::move(*leafKey);
    impl.root = std::move(*root);
    impl.pem = std::move(*pem);
    return authority;
}

const std::string& Authority::certificatePem() const
{
    return m_impl->pem;
}

Result<std::shared_ptr<const Authority::Leaf>> Authority::leafFor(std::string_view host)
{
    Impl& impl = *m_impl;
    if (const auto found = impl.byHost.find(host); found != impl.byHost.end()) {
        const Clock::duration age = Clock::now() - found->second->second->made;
        if (age < kLeafUse && age > -kBackdated / 2) {
            impl.leaves.splice(impl.leaves.begin(), impl.leaves, found->second);
            return found->second->second;
        }
        impl.leaves.erase(found->second);
        impl.byHost.erase(found);
    }
    if (!isHostText(host))
        return fail(ErrorCode::InvalidName, "no certificate is made for what is not a host's name");
    auto leaf = impl.makeLeaf(std::string(host));
    if (!leaf)
        return leaf;
    if (impl.leaves.size() >= kMaxLeaves) {
        impl.byHost.erase(impl.leaves.back().first);
        impl.leaves.pop_back();
    }
    impl.leaves.emplace_front(std::string(host), *leaf);
    impl.byHost.emplace(std::string(host), impl.leaves.begin());
    return leaf;
}

} // namespace caisson::keeper
