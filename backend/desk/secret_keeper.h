// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "backend/desk/secret_store.h"

#include <QHash>
#include <QSet>
#include <chrono>

namespace caisson::desk {

/// The person's secrets as the window handles them: what is put in here is also kept in the
/// desktop's keychain, where there is one, and put back into the service when that knows the name
/// and, after a reboot, not the value any more. On the GUI thread.
class SecretKeeper : public QObject
{
    Q_OBJECT
public:
    /// How long a value that was put in lasts.
    enum class Kept {
        InKeychain,
        NoKeychain, ///< until this machine restarts
        Locked,     ///< the same: the keychain was not unlocked
        Waiting,    ///< the same until the keychain answers, which is told then
    };

    /// Both outlive it. After `patience` a value that the keychain does not take is put in without.
    SecretKeeper(Backend& backend, SecretStore& store, QObject* parent = nullptr,
                 std::chrono::milliseconds patience = std::chrono::seconds(2));

    /// Reads the names, and puts back what is missing.
    void refresh();
    /// What is listed is in listed().
    void put(const QString& name, const QString& value);
    /// Asks the keychain for its value, e.g. once more after restoreFailed().
    void restore(const QString& name);
    void remove(const QString& name);
    /// Opens the service's encrypted file.
    void unlock(const QString& passphrase);

signals:
    void listed(const caisson::api::SecretList& secrets);
    void listFailed(const caisson::Error& error);
    /// Told once more where the keychain kept it waiting.
    void stored(const QString& name, caisson::desk::SecretKeeper::Kept kept);
    void putFailed(const QString& name, const caisson::Error& error);
    void removed(const QString& name);
    void removeFailed(const QString& name, const caisson::Error& error);
    void unlockFailed(const caisson::Error& error);
    /// The service waits for a value that the keychain does not give: it has none, or it is locked.
    void restoreFailed(const QString& name, const caisson::Error& error);

private:
    void take(const api::SecretList& secrets);
    struct Writing
    {
        quint64 turn = 0;
        bool isSent = false; ///< to the service, without waiting for the keychain
    };
    bool isWriting(const QString& name, quint64 turn) const;
    void written(const QString& name, const QString& value, quint64 turn,
                 const Result<void>& result);
    void send(const QString& name, const QString& value, Kept kept);

    Backend& m_backend;
    SecretStore& m_store;
    std::chrono::milliseconds m_patience;
    QHash<QString, Writing> m_writing; ///< what the keychain has not answered yet
    quint64 m_turn = 0;
    QSet<QString> m_kept;      ///< names that the service says are in the keychain
    QSet<QString> m_restoring; ///< under way, or tried in vain since the connection was made
    bool m_isReading = false;
    bool m_isReadAgain = false;
};

} // namespace caisson::desk
