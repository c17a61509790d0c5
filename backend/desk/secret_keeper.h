// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "backend/desk/secret_store.h"

#include <QSet>

namespace caisson::desk {

/// The person's secrets as the window handles them: what is put in here is also kept in the
/// desktop's keychain, where there is one, and put back into the service when that knows the name
/// and, after a reboot, not the value any more. On the GUI thread.
class SecretKeeper : public QObject
{
    Q_OBJECT
public:
    /// Both outlive it.
    SecretKeeper(Backend& backend, SecretStore& store, QObject* parent = nullptr);

    /// Reads the names, and puts back what is missing.
    void refresh();
    /// What is listed is in listed().
    void put(const QString& name, const QString& value);
    void remove(const QString& name);
    /// Opens the service's encrypted file.
    void unlock(const QString& passphrase);

signals:
    void listed(const caisson::api::SecretList& secrets);
    void listFailed(const caisson::Error& error);
    /// `isKept`: it lasts in the keychain.
    void stored(const QString& name, bool isKept);
    void putFailed(const QString& name, const caisson::Error& error);
    void removed(const QString& name);
    void removeFailed(const QString& name, const caisson::Error& error);
    void unlockFailed(const caisson::Error& error);
    /// The service waits for a value that the keychain does not give.
    void restoreFailed(const QString& name, const caisson::Error& error);

private:
    void take(const api::SecretList& secrets);
    void restore(const QString& name);
    void send(const QString& name, const QString& value, bool isKept);

    Backend& m_backend;
    SecretStore& m_store;
    QSet<QString> m_kept;      ///< names that the service says are in the keychain
    QSet<QString> m_restoring; ///< under way, or tried in vain since the connection was made
    bool m_isReading = false;
    bool m_isReadAgain = false;
};

} // namespace caisson::desk
