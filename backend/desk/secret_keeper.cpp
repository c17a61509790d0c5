// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/secret_keeper.h"

namespace caisson::desk {

namespace {

const std::string kKeychain = "keychain";

} // namespace

SecretKeeper::SecretKeeper(Backend& backend, SecretStore& store, QObject* parent)
    : QObject(parent)
    , m_backend(backend)
    , m_store(store)
{
    connect(&m_backend, &Backend::reset, this, [this] {
        m_restoring.clear();
        refresh();
    });
    connect(&m_backend, &Backend::secretsChanged, this, &SecretKeeper::refresh);
}

void SecretKeeper::refresh()
{
    if (std::exchange(m_isReading, true)) {
        m_isReadAgain = true;
        return;
    }
    m_backend.listSecrets().then(this, [this](const Result<api::SecretList>& result) {
        m_isReading = false;
        if (result)
            take(*result);
        else
            emit listFailed(result.error());
        if (std::exchange(m_isReadAgain, false))
            refresh();
    });
}

void SecretKeeper::take(const api::SecretList& secrets)
{
    QSet<QString> kept;
    for (const api::SecretInfo& secret : secrets.secrets) {
        if (secret.lasts != kKeychain)
            continue;
        const QString name = QString::fromStdString(secret.name);
        kept += name;
        if (!secret.known && !m_restoring.contains(name))
            restore(name);
    }
    // Removed, or replaced by one that does not last, e.g. on the command line: it must not linger.
    for (const QString& name : std::exchange(m_kept, kept) - kept)
        m_store.remove(name);
    emit listed(secrets);
}

void SecretKeeper::restore(const QString& name)
{
    m_restoring += name;
    m_store.read(name).then(this, [this, name](const Result<QString>& value) {
        if (!value) {
            emit restoreFailed(name, value.error());
            return;
        }
        m_backend
            .putSecret(name, {.value = value->toStdString(), .lasts = kKeychain, .passphrase = {}})
            .then(this, [this, name](const Result<api::SecretInfo>& put) {
                if (put) {
                    m_restoring.remove(name);
                    refresh();
                } else {
                    emit restoreFailed(name, put.error());
                }
            });
    });
}

void SecretKeeper::put(const QString& name, const QString& value)
{
    m_store.isAvailable().then(this, [this, name, value](bool isAvailable) {
        if (!isAvailable) {
            send(name, value, false);
            return;
        }
        m_store.write(name, value).then(this, [this, name, value](const Result<void>& written) {
            send(name, value, written.has_value());
        });
    });
}

void SecretKeeper::send(const QString& name, const QString& value, bool isKept)
{
    m_backend
        .putSecret(name, {.value = value.toStdString(),
                          .lasts = isKept ? kKeychain : std::string(),
                          .passphrase = {}})
        .then(this, [this, name, isKept](const Result<api::SecretInfo>& result) {
            if (!result) {
                // Nobody would know that it is in the keychain.
                if (isKept && !m_kept.contains(name))
                    m_store.remove(name);
                emit putFailed(name, result.error());
                return;
            }
            emit stored(name, isKept);
            refresh();
        });
}

void SecretKeeper::remove(const QString& name)
{
    m_backend.removeSecret(name).then(this, [this, name](const Result<void>& result) {
        if (!result && result.error().code != ErrorCode::NotFound) {
            emit removeFailed(name, result.error());
            return;
        }
        m_kept.remove(name);
        m_store.remove(name).then(this, [this, name](const Result<void>& forgotten) {
            if (forgotten || forgotten.error().code == ErrorCode::Unavailable)
                emit removed(name);
            else
                emit removeFailed(name, forgotten.error());
        });
        refresh();
    });
}

void SecretKeeper::unlock(const QString& passphrase)
{
    m_backend.unlockSecrets(passphrase).then(this, [this](const Result<api::SecretList>& result) {
        if (result)
            take(*result);
        else
            emit unlockFailed(result.error());
    });
}

} // namespace caisson::desk
