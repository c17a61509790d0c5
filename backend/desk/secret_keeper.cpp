// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/secret_keeper.h"

#include <QTimer>

namespace caisson::desk {

namespace {

const std::string kKeychain = "keychain";

} // namespace

SecretKeeper::SecretKeeper(Backend& backend, SecretStore& store, QObject* parent,
                           std::chrono::milliseconds patience)
    : QObject(parent)
    , m_backend(backend)
    , m_store(store)
    , m_patience(patience)
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
        if (!secret.known && !m_restoring.contains(name) && !m_writing.contains(name))
            restore(name);
    }
    // Removed, or replaced by one that does not last, e.g. on the command line: it must not linger.
    for (const QString& name : m_kept - kept) {
        if (m_writing.contains(name))
            kept += name; // its new value is on the way there
        else
            m_store.remove(name);
    }
    m_kept = kept;
    emit listed(secrets);
}

void SecretKeeper::restore(const QString& name)
{
    m_restoring += name;
    m_store.read(name).then(this, [this, name](const Result<QString>& value) {
        // A keychain may answer after hours; what was put in or removed meanwhile counts.
        if (!m_restoring.contains(name))
            return;
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

/// A locked keychain asks the person, who may take as long as they like: nobody waits for that.
void SecretKeeper::put(const QString& name, const QString& value)
{
    const quint64 turn = ++m_turn;
    m_writing.insert(name, {.turn = turn, .isSent = false});
    m_restoring.remove(name);
    QTimer::singleShot(m_patience, this, [this, name, value, turn] {
        if (!isWriting(name, turn))
            return;
        m_writing[name].isSent = true;
        send(name, value, Kept::Waiting);
    });
    m_store.check().then(this, [this, name, value, turn](const Result<void>& usable) {
        if (!isWriting(name, turn))
            return;
        if (!usable) {
            written(name, value, turn, usable);
            return;
        }
        m_store.write(name, value)
            .then(this, [this, name, value, turn](const Result<void>& result) {
                written(name, value, turn, result);
            });
    });
}

bool SecretKeeper::isWriting(const QString& name, quint64 turn) const
{
    const auto writing = m_writing.constFind(name);
    return writing != m_writing.constEnd() && writing->turn == turn;
}

void SecretKeeper::written(const QString& name, const QString& value, quint64 turn,
                           const Result<void>& result)
{
    if (!isWriting(name, turn)) {
        // Removed or refused while the keychain waited: nobody would know that it is in there.
        if (result && !m_writing.contains(name) && !m_kept.contains(name))
            m_store.remove(name);
        return;
    }
    const bool isSent = m_writing.take(name).isSent;
    const Kept kept = result                                               ? Kept::InKeychain
                      : result.error().code == ErrorCode::PermissionDenied ? Kept::Locked
                                                                           : Kept::NoKeychain;
    if (!isSent || kept == Kept::InKeychain) {
        send(name, value, kept);
        return;
    }
    emit stored(name, kept);
    refresh();
}

void SecretKeeper::send(const QString& name, const QString& value, Kept kept)
{
    const bool isKept = kept == Kept::InKeychain;
    m_backend
        .putSecret(name, {.value = value.toStdString(),
                          .lasts = isKept ? kKeychain : std::string(),
                          .passphrase = {}})
        .then(this, [this, name, kept, isKept](const Result<api::SecretInfo>& result) {
            if (!result) {
                m_writing.remove(name);
                // Nobody would know that it is in the keychain.
                if (isKept && !m_kept.contains(name))
                    m_store.remove(name);
                emit putFailed(name, result.error());
                return;
            }
            emit stored(name, kept);
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
        m_writing.remove(name);
        m_restoring.remove(name);
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
