// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/daemon/secret_text.h"

#include <optional>
#include <string>

namespace caisson::daemon {

/// Named values in the kernel's memory, in a keyring of this home below the user's own (user(7),
/// keyrings(7)): they outlive this process and end with the machine's uptime. Their permissions
/// are those of a process that possesses them, and of the user to see that they are there: a
/// sandbox whose root is this user outside can neither search nor read them by number, should its
/// system call filter ever let it ask.
///
/// Possession is a thread's own business: all calls come from one thread.
class KeyRing
{
public:
    /// `home` tells the keyrings of several homes apart; nullopt: as on a host without keyrings.
    explicit KeyRing(std::optional<std::string> home);

    /// Whether this kernel lets this user have one. Where not (ENOSYS, EPERM: containers and small
    /// kernels), store() fails and take() finds nothing.
    bool isAvailable() const { return m_isAvailable; }

    /// NoSpace when the user's quota is used up or the value is longer than a key may be; what was
    /// stored under that name before is gone then, too.
    Result<void> store(const std::string& name, std::string_view value);
    std::optional<SecretText> find(const std::string& name) const;
    void erase(const std::string& name);
    /// Erases everything of this home, itself included.
    void clear();

private:
    bool ensureRing();

    std::string m_description;
    bool m_isAvailable = false;
    int m_ring = 0; ///< serial number; 0: none yet
};

} // namespace caisson::daemon
