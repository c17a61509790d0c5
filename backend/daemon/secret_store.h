// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/paths.h"
#include "backend/api/types.h"
#include "backend/daemon/key_ring.h"
#include "backend/daemon/sealed_file.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace caisson::daemon {

/// A secret's name: 1 to 64 of letters, digits, '-', '_' and '.'. InvalidName.
Result<void> checkSecretName(std::string_view name);

/// What is kept of `value`: it less one newline at its end, as `echo` and editors add. BadRequest
/// where it cannot stand in a header (RFC 9110, 5.5), TooLarge over 64 KiB.
Result<std::string_view> secretValueOf(std::string_view value);

/// The user's secrets. Values live in memory and in the kernel's keyring, so that a caissond that
/// starts anew has them until the machine does; where there is no keyring, in memory alone. To
/// last longer they lie in the desktop's keychain, which the window looks after, or in a sealed
/// file. secrets.json has their names, times and uses, and never a value.
class SecretStore
{
public:
    struct Options
    {
        std::string passphraseFile; ///< CAISSON_PASSPHRASE_FILE; empty: none
        bool keyring = true;        ///< false: as on a host that has none
    };

    SecretStore(api::asio::any_io_executor executor, const api::Paths& paths, Options options);
    /// Writes what is not on disk yet.
    ~SecretStore();

    /// Reads what is there. With a passphrase file the sealed file is opened a moment later.
    void load();

    api::SecretList list() const;
    /// `secret` is cleansed. Whose `lasts` is "file" goes into the sealed file or nowhere:
    /// BadRequest with `detail.passphrase` while none opens that.
    api::Task<Result<api::SecretInfo>> put(std::string name, api::PutSecret secret);
    api::Task<Result<void>> remove(std::string name);
    api::Task<Result<api::SecretList>> unlock(std::string passphrase);

    /// The value, borrowed until the next call; nullptr: not set, or not at hand.
    const SecretText* value(const std::string& name) const;

    /// A secret was put into a request. Written down every few seconds at most.
    void noteUse(const std::string& name, api::SecretUse use);
    /// A sandbox is no more.
    void forgetUses(const std::string& sandbox);

    /// Called after a value was set or removed: `values`; or only what list() says: not.
    enum class Change { Values, List };
    void onChange(std::function<void(Change)> changed) { m_changed = std::move(changed); }

    /// Whether values would be lost if this process ended: there is no keyring to hold them.
    bool holdsTheOnlyCopy() const;
    /// Leaves nothing behind in the kernel, when the home itself is gone.
    void clearKeyring() { m_keyring.clear(); }

private:
    struct Worker;
    class Turn;

    api::Task<Turn> takeTurn();
    template<class Work>
    auto onWorker(Work work) -> api::Task<std::invoke_result_t<Work>>;
    Result<SecretText> passphraseFromFile() const;
    api::Task<void> unlockAtStart();
    api::Task<Result<void>> openFile(SecretText passphrase);
    void takeValues(std::map<std::string, SecretText> values);
    api::SecretInfo& entry(const std::string& name);
    void hold(const std::string& name, SecretText value);
    std::string indexText() const;
    api::Task<Result<void>> writeIndex();
    api::Task<void> writeUses();
    void tell(Change change) const;

    api::asio::any_io_executor m_executor;
    std::string m_indexPath;
    Options m_options;
    KeyRing m_keyring;
    SealedFile m_file;
    std::shared_ptr<const SealingKey> m_fileKey;      ///< none: the file is closed, or not there
    std::map<std::string, api::SecretInfo> m_entries; ///< by name
    std::map<std::string, SecretText> m_values;
    std::set<std::string> m_onlyHere; ///< names that the keyring did not take
    std::function<void(Change)> m_changed;
    bool m_isBusy = false; ///< a change of several steps is under way
    api::Notifier m_idle;
    bool m_usesWaiting = false; ///< used since secrets.json was written
    bool m_usesWriter = false;  ///< a coroutine that writes them is about
    std::unique_ptr<Worker> m_worker;
};

} // namespace caisson::daemon
