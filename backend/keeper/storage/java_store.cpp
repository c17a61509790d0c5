// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/java_store.h"

#include <array>
#include <chrono>
#include <cstdint>

#include <openssl/evp.h>

namespace caisson::keeper {

namespace {

constexpr std::uint64_t kMagic = 0xfeedfeed;
constexpr std::uint64_t kVersion = 2;
constexpr std::uint64_t kPrivateKey = 1;
constexpr std::uint64_t kCertificate = 2;
constexpr std::size_t kHeadSize = 12;
constexpr std::size_t kDigestSize = 20;
constexpr std::string_view kPassword = "changeit";
constexpr std::string_view kAlias = "caisson";
/// What Debian's hook makes of /etc/ssl/certs/caisson.pem.
constexpr std::string_view kHookAlias = "debian:caisson.pem";

std::string number(std::uint64_t value, int size)
{
    std::string bytes;
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift);
    return bytes;
}

/// Takes big-endian numbers and blocks off the front; once failed, gives nothing.
struct Reader
{
    std::string_view left;
    bool ok = true;

    std::string_view block(std::uint64_t size)
    {
        if (size > left.size()) {
            ok = false;
            left = {};
            return {};
        }
        const std::string_view taken = left.substr(0, size);
        left.remove_prefix(size);
        return taken;
    }
    std::uint64_t number(std::size_t size)
    {
        std::uint64_t value = 0;
        for (const char byte : block(size))
            value = value << 8 | static_cast<unsigned char>(byte);
        return value;
    }
    void skipCertificate()
    {
        block(number(2)); // its type
        block(number(4));
    }
};

std::string digestOf(std::string_view content)
{
    std::string sealed;
    for (const char c : kPassword) {
        sealed += '\0'; // UTF-16, big-endian
        sealed += c;
    }
    sealed += "Mighty Aphrodite"; // the format's own words
    sealed += content;
    std::array<unsigned char, kDigestSize> digest{};
    unsigned size = 0;
    if (EVP_Digest(sealed.data(), sealed.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1 ||
        size != kDigestSize)
        return {};
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string entryOf(std::string_view der)
{
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    std::string entry = number(kCertificate, 4);
    entry += number(kAlias.size(), 2);
    entry += kAlias;
    entry += number(static_cast<std::uint64_t>(now.count()), 8);
    entry += number(5, 2) + "X.509";
    entry += number(der.size(), 4);
    entry += der;
    return entry;
}

} // namespace

std::optional<std::string> javaStoreWith(std::string_view store, std::string_view certificateDer)
{
    if (store.size() < kHeadSize + kDigestSize)
        return std::nullopt;
    const std::string_view content = store.substr(0, store.size() - kDigestSize);
    Reader reader{content};
    if (reader.number(4) != kMagic || reader.number(4) != kVersion ||
        digestOf(content) != store.substr(content.size()))
        return std::nullopt;
    const std::uint64_t count = reader.number(4);
    std::string entries;
    std::uint64_t kept = 0;
    for (std::uint64_t i = 0; i < count && reader.ok; ++i) {
        const std::string_view before = reader.left;
        const std::uint64_t type = reader.number(4);
        const std::string_view alias = reader.block(reader.number(2));
        reader.number(8); // when it was made
        if (type == kCertificate) {
            reader.skipCertificate();
        } else if (type == kPrivateKey) {
            reader.block(reader.number(4));
            const std::uint64_t chain = reader.number(4);
            for (std::uint64_t j = 0; j < chain && reader.ok; ++j)
                reader.skipCertificate();
        } else {
            return std::nullopt;
        }
        if (!reader.ok)
            return std::nullopt;
        if (alias == kAlias || alias == kHookAlias)
            continue;
        entries += before.substr(0, before.size() - reader.left.size());
        ++kept;
    }
    if (!reader.ok || !reader.left.empty())
        return std::nullopt;
    std::string made = number(kMagic, 4) + number(kVersion, 4) + number(kept + 1, 4);
    made += entries;
    made += entryOf(certificateDer);
    const std::string digest = digestOf(made);
    if (digest.empty())
        return std::nullopt;
    return made + digest;
}

} // namespace caisson::keeper
