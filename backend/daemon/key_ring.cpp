// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/key_ring.h"

#include <cerrno>
#include <cstring>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

// keyctl_setperm(3): the possessor may do everything, the user only view, others nothing.
constexpr unsigned kPossessorAll = 0x3f000000;
constexpr unsigned kUserView = 0x00010000;

/// "user" holds up to 32,767 bytes within the user's quota (20,000 bytes as a rule); "big_key"
/// where the kernel has it, up to a mebibyte, of which the quota sees little.
constexpr const char* kTypes[] = {"user", "big_key"};

long addKey(const char* type, const std::string& description, std::string_view payload, long ring)
{
    return ::syscall(SYS_add_key, type, description.c_str(),
                     payload.empty() ? nullptr : payload.data(), payload.size(), ring);
}

long keyctl(int operation, long first = 0, long second = 0, long third = 0, long fourth = 0)
{
    return ::syscall(SYS_keyctl, operation, first, second, third, fourth);
}

/// The key of that type and name in the ring itself; a key is found by name below it only when a
/// process may search it.
long findKey(long ring, const char* type, const std::string& name)
{
    return keyctl(KEYCTL_SEARCH, ring, reinterpret_cast<long>(type),
                  reinterpret_cast<long>(name.c_str()), 0);
}

void eraseKey(long ring, long key)
{
    // Revoking frees the payload now; unlinking alone would leave that to whoever else holds it.
    keyctl(KEYCTL_REVOKE, key);
    keyctl(KEYCTL_UNLINK, key, ring);
}

} // namespace

KeyRing::KeyRing(std::optional<std::string> home)
    : m_description("caisson:" + home.value_or(""))
{
    if (!home)
        return;
    // Linked to this process, whatever session it was started in (none, as a service): else what
    // is in it could be seen and not read (keyrings(7), "Possession").
    if (keyctl(KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING) != 0)
        return;
    m_isAvailable = true;
    const long ring = findKey(KEY_SPEC_USER_KEYRING, "keyring", m_description);
    m_ring = ring > 0 ? static_cast<int>(ring) : 0;
}

/// Made with the first value: a home without secrets leaves nothing behind.
bool KeyRing::ensureRing()
{
    if (!m_isAvailable || m_ring > 0)
        return m_ring > 0;
    const long ring = addKey("keyring", m_description, {}, KEY_SPEC_USER_KEYRING);
    if (ring < 0 || keyctl(KEYCTL_SETPERM, ring, kPossessorAll | kUserView) != 0)
        return false;
    m_ring = static_cast<int>(ring);
    return true;
}

Result<void> KeyRing::store(const std::string& name, std::string_view value)
{
    if (!ensureRing())
        return fail(ErrorCode::Unavailable, "this host lets nobody keep keys in the kernel");
    // Not replaced: one of the other type might stay under this name, with the value from before.
    erase(name);
    int number = 0;
    for (const char* type : kTypes) {
        const long key = addKey(type, name, value, m_ring);
        if (key >= 0 && keyctl(KEYCTL_SETPERM, key, kPossessorAll | kUserView) == 0)
            return {};
        if (number == 0) // what is wrong with the second kind of key says less
            number = errno;
        if (key >= 0)
            eraseKey(m_ring, key);
    }
    return fail(ErrorCode::NoSpace,
                "the kernel's keyring does not take it: " + std::string(std::strerror(number)));
}

std::optional<SecretText> KeyRing::find(const std::string& name) const
{
    if (m_ring == 0)
        return std::nullopt;
    for (const char* type : kTypes) {
        const long key = findKey(m_ring, type, name);
        if (key < 0)
            continue;
        const long size = keyctl(KEYCTL_READ, key, 0, 0);
        if (size <= 0)
            continue;
        std::string payload(static_cast<std::size_t>(size), '\0');
        const long got = keyctl(KEYCTL_READ, key, reinterpret_cast<long>(payload.data()),
                                static_cast<long>(payload.size()));
        std::optional<SecretText> value;
        // It may have become another one in between.
        if (got > 0 && got <= size)
            value.emplace(std::string_view(payload).substr(0, static_cast<std::size_t>(got)));
        cleanse(payload);
        if (value)
            return value;
    }
    return std::nullopt;
}

void KeyRing::erase(const std::string& name)
{
    if (m_ring == 0)
        return;
    for (const char* type : kTypes) {
        if (const long key = findKey(m_ring, type, name); key > 0)
            eraseKey(m_ring, key);
    }
}

void KeyRing::clear()
{
    if (m_ring == 0)
        return;
    keyctl(KEYCTL_CLEAR, m_ring);
    keyctl(KEYCTL_UNLINK, m_ring, KEY_SPEC_USER_KEYRING);
    m_ring = 0;
}

} // namespace caisson::daemon
