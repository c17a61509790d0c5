// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/sealed_file.h"

#include "backend/api/codec.h"
#include "backend/base/files.h"
#include "backend/base/log.h"

#include <array>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12; // NIST SP 800-38D, 8.2.2
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kSaltSize = 16;

// The second recommended choice of RFC 9106, section 4.
constexpr std::int64_t kMemory = 64 * 1024;
constexpr std::int64_t kPasses = 3;
constexpr std::int64_t kLanes = 4;

// A file that asks for more was not written here: opening it could take all memory, or for ever.
constexpr std::int64_t kMostMemory = 1024 * 1024;
constexpr std::int64_t kMostPasses = 64;
constexpr std::int64_t kMostLanes = 64;

constexpr std::size_t kMostFile = 32u << 20;

constexpr std::string_view kCheckText = "caisson";
constexpr std::string_view kCheckName; // no secret has an empty name

template<auto Free>
struct Freed
{
    template<class T>
    void operator()(T* thing) const
    {
        Free(thing);
    }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;

unsigned char* bytesOf(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

Result<std::string> randomBytes(std::size_t size)
{
    std::string bytes(size, '\0');
    if (RAND_bytes(bytesOf(bytes), static_cast<int>(size)) != 1)
        return fail(ErrorCode::Internal, "there are no random numbers");
    return bytes;
}

Result<SecretText> deriveKey(const SecretText& passphrase, const api::SealedSecrets& file)
{
    const Result<std::string> salt = api::fromBase64(file.salt);
    if (file.kdf != "argon2id" || !salt || salt->size() < kSaltSize || file.memory < 8 ||
        file.memory > kMostMemory || file.passes < 1 || file.passes > kMostPasses ||
        file.lanes < 1 || file.lanes > kMostLanes)
        return fail(ErrorCode::BadRequest, "the file of secrets was not made by this program");
    const Kdf kdf(EVP_KDF_fetch(nullptr, "ARGON2ID", nullptr));
    const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
    auto memory = static_cast<std::uint32_t>(file.memory);
    auto passes = static_cast<std::uint32_t>(file.passes);
    auto lanes = static_cast<std::uint32_t>(file.lanes);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
                                          const_cast<char*>(passphrase.view().data()),
                                          passphrase.view().size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<char*>(salt->data()),
                                          salt->size()),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST, &memory),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &passes),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES, &lanes),
        OSSL_PARAM_construct_end(),
    };
    std::string key(kKeySize, '\0');
    const bool done =
        context && EVP_KDF_derive(context.get(), bytesOf(key), key.size(), parameters) == 1;
    SecretText derived(done ? std::string_view(key) : std::string_view());
    cleanse(key);
    if (!done)
        return fail(ErrorCode::Internal, "OpenSSL makes no key of a passphrase (Argon2id)");
    return derived;
}

/// nonce | ciphertext | tag, as base64.
Result<std::string> seal(std::string_view key, std::string_view name, std::string_view value)
{
    // Random nonces of 96 bits: a key may seal 2^32 values (NIST SP 800-38D, 8.3).
    Result<std::string> nonce = randomBytes(kNonceSize);
    if (!nonce)
        return nonce;
    const Cipher cipher(EVP_CIPHER_CTX_new());
    std::string sealed(value.size(), '\0');
    std::string tag(kTagSize, '\0');
    int size = 0;
    int rest = 0;
    const bool done =
        cipher &&
        EVP_EncryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), bytesOf(key), bytesOf(*nonce),
                            nullptr) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytesOf(name),
                          static_cast<int>(name.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), bytesOf(sealed), &size, bytesOf(value),
                          static_cast<int>(value.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), bytesOf(sealed) + size, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1;
    if (!done)
        return fail(ErrorCode::Internal, "OpenSSL does not encrypt");
    return api::toBase64(*nonce + sealed + tag);
}

std::optional<SecretText> unseal(std::string_view key, std::string_view name,
                                 const std::string& base64)
{
    const Result<std::string> bytes = api::fromBase64(base64);
    if (!bytes || bytes->size() < kNonceSize + kTagSize)
        return std::nullopt;
    const std::string_view all = *bytes;
    const std::string_view sealed = all.substr(kNonceSize, all.size() - kNonceSize - kTagSize);
    std::string tag(all.substr(all.size() - kTagSize));
    std::string opened(sealed.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    int rest = 0;
    const bool done =
        cipher &&
        EVP_DecryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), bytesOf(key), bytesOf(all), nullptr) ==
            1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytesOf(name),
                          static_cast<int>(name.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), bytesOf(opened), &size, bytesOf(sealed),
                          static_cast<int>(sealed.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), bytesOf(opened) + size, &rest) == 1;
    std::optional<SecretText> value;
    if (done)
        value.emplace(opened);
    cleanse(opened);
    return value;
}

} // namespace

SealingKey::SealingKey(SecretText bytes)
    : m_bytes(std::move(bytes))
{
}
SealingKey::SealingKey(SealingKey&&) noexcept = default;
SealingKey& SealingKey::operator=(SealingKey&&) noexcept = default;
SealingKey::~SealingKey() = default;

SealedFile::SealedFile(std::string path)
    : m_path(std::move(path))
{
}

bool SealedFile::exists() const
{
    return ::access(m_path.c_str(), F_OK) == 0;
}

Result<api::SealedSecrets> SealedFile::read() const
{
    const Result<std::string> text = readFile(m_path, kMostFile);
    if (!text)
        return std::unexpected(text.error());
    Result<api::SealedSecrets> content = api::fromJson<api::SealedSecrets>(*text);
    if (!content)
        return fail(ErrorCode::BadRequest, m_path + " is no file of secrets (" +
                                               content.error().message +
                                               "); move it out of the way to begin a new one");
    return content;
}

Result<void> SealedFile::write(const api::SealedSecrets& content) const
{
    return writeFileAtomically(m_path, api::toJson(content) + "\n", 0600);
}

Result<SealingKey> SealedFile::open(const SecretText& passphrase)
{
    if (passphrase.empty())
        return fail(ErrorCode::BadRequest, "the passphrase is empty; give one that is not");
    if (!exists()) {
        const Result<std::string> salt = randomBytes(kSaltSize);
        if (!salt)
            return std::unexpected(salt.error());
        api::SealedSecrets made{.memory = kMemory, .passes = kPasses, .lanes = kLanes};
        made.salt = api::toBase64(*salt);
        Result<SecretText> key = deriveKey(passphrase, made);
        if (!key)
            return std::unexpected(key.error());
        const Result<std::string> check = seal(key->view(), kCheckName, kCheckText);
        if (!check)
            return std::unexpected(check.error());
        made.check = *check;
        if (Result<void> written = write(made); !written)
            return std::unexpected(written.error());
        return SealingKey(std::move(*key));
    }
    const Result<api::SealedSecrets> content = read();
    if (!content)
        return std::unexpected(content.error());
    Result<SecretText> key = deriveKey(passphrase, *content);
    if (!key)
        return std::unexpected(key.error());
    const std::optional<SecretText> check = unseal(key->view(), kCheckName, content->check);
    if (!check || check->view() != kCheckText)
        return fail(ErrorCode::PermissionDenied,
                    "that is not the passphrase that secrets were stored with; give that one, or "
                    "remove " +
                        m_path + " to begin anew without what is in it");
    return SealingKey(std::move(*key));
}

Result<std::map<std::string, SecretText>> SealedFile::values(const SealingKey& key) const
{
    const Result<api::SealedSecrets> content = read();
    if (!content)
        return std::unexpected(content.error());
    std::map<std::string, SecretText> values;
    for (const auto& [name, sealed] : content->values) {
        if (std::optional<SecretText> value = unseal(key.m_bytes.view(), name, sealed))
            values.emplace(name, std::move(*value));
        else
            logWarning("a secret in {} does not open and is left out: {}", m_path, name);
    }
    return values;
}

Result<void> SealedFile::put(const SealingKey& key, const std::string& name,
                             const SecretText& value)
{
    Result<api::SealedSecrets> content = read();
    if (!content)
        return std::unexpected(content.error());
    // The file may have been replaced by one of another passphrase since it was opened.
    if (const auto check = unseal(key.m_bytes.view(), kCheckName, content->check);
        !check || check->view() != kCheckText)
        return fail(ErrorCode::PermissionDenied,
                    "the file of secrets has been replaced; give its passphrase");
    Result<std::string> sealed = seal(key.m_bytes.view(), name, value.view());
    if (!sealed)
        return std::unexpected(sealed.error());
    content->values[name] = std::move(*sealed);
    return write(*content);
}

Result<void> SealedFile::erase(const std::string& name)
{
    if (!exists())
        return {};
    Result<api::SealedSecrets> content = read();
    if (!content)
        return std::unexpected(content.error());
    if (content->values.erase(name) == 0)
        return {};
    return write(*content);
}

} // namespace caisson::daemon
