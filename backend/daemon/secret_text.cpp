// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/secret_text.h"

#include <openssl/crypto.h>
#include <utility>

namespace caisson::daemon {

SecretText::SecretText(std::string_view bytes)
    : m_bytes(bytes)
{
}

// A short string lies inside its object, so that moving it copies it: what it was moved from is
// overwritten, too.

SecretText::SecretText(SecretText&& other) noexcept
    : m_bytes(std::move(other.m_bytes))
{
    cleanse(other.m_bytes);
}

SecretText& SecretText::operator=(SecretText&& other) noexcept
{
    if (this != &other) {
        cleanse(m_bytes);
        m_bytes = std::move(other.m_bytes);
        cleanse(other.m_bytes);
    }
    return *this;
}

SecretText::~SecretText()
{
    cleanse(m_bytes);
}

void cleanse(std::string& bytes)
{
    // Behind its end, too: up to there it may have been longer before.
    bytes.resize(bytes.capacity());
    OPENSSL_cleanse(bytes.data(), bytes.size());
    bytes.clear();
}

} // namespace caisson::daemon
