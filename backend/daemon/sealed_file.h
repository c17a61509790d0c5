// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/keeperlink.h"
#include "backend/base/error.h"
#include "backend/daemon/secret_text.h"

#include <map>
#include <memory>
#include <string>

namespace caisson::daemon {

/// The key of a sealed file: what Argon2id makes of its passphrase. Its making takes a few tenths
/// of a second and 64 MiB, so not on a thread that others wait for.
class SealingKey
{
public:
    SealingKey(SealingKey&&) noexcept;
    SealingKey& operator=(SealingKey&&) noexcept;
    ~SealingKey();

private:
    friend class SealedFile;
    explicit SealingKey(SecretText bytes);
    SecretText m_bytes;
};

/// Values in a file that only a passphrase opens. Read and written by one thread at a time.
class SealedFile
{
public:
    explicit SealedFile(std::string path);

    bool exists() const;

    /// The key that the passphrase is to the file; makes the file when there is none.
    /// PermissionDenied: it is not the file's. BadRequest: the file is none of ours.
    Result<SealingKey> open(const SecretText& passphrase);

    /// All values. Those that do not open (the file was tampered with) are left out and logged.
    Result<std::map<std::string, SecretText>> values(const SealingKey& key) const;

    Result<void> put(const SealingKey& key, const std::string& name, const SecretText& value);

    /// Needs no key. Nothing happens when it is not there.
    Result<void> erase(const std::string& name);

private:
    Result<api::SealedSecrets> read() const;
    Result<void> write(const api::SealedSecrets& content) const;

    std::string m_path;
};

} // namespace caisson::daemon
