// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <QFuture>
#include <QMap>
#include <QPromise>
#include <QString>

namespace caisson::desk {

/// Where secrets outlive this machine's restart, by name. Calls never wait; but where the person has
/// to unlock it first, a future is fulfilled whenever they have.
class SecretStore
{
public:
    virtual ~SecretStore() = default;

    /// Whether a value can be kept and had back; found out by doing it, until it once could.
    /// PermissionDenied: there is a keychain, and it stayed locked.
    virtual QFuture<Result<void>> check() = 0;
    /// NotFound when there is none of that name, and may be where the keychain stayed locked.
    virtual QFuture<Result<QString>> read(const QString& name) = 0;
    virtual QFuture<Result<void>> write(const QString& name, const QString& value) = 0;
    /// One that is not there is no failure.
    virtual QFuture<Result<void>> remove(const QString& name) = 0;
};

/// A future that is fulfilled already.
template<class T>
QFuture<T> ready(T value)
{
    QPromise<T> promise;
    promise.start();
    promise.addResult(std::move(value));
    promise.finish();
    return promise.future();
}

/// Lasts as long as the program: for tests.
class MemoryStore : public SecretStore
{
public:
    QFuture<Result<void>> check() override
    {
        if (!available)
            return ready(Result<void>(fail(ErrorCode::Unavailable, "there is no keychain")));
        return ready(Result<void>());
    }
    QFuture<Result<QString>> read(const QString& name) override
    {
        if (!values.contains(name))
            return ready(Result<QString>(fail(ErrorCode::NotFound, "no such secret")));
        return ready(Result<QString>(values.value(name)));
    }
    QFuture<Result<void>> write(const QString& name, const QString& value) override
    {
        if (!available)
            return check();
        values.insert(name, value);
        return ready(Result<void>());
    }
    QFuture<Result<void>> remove(const QString& name) override
    {
        values.remove(name);
        return ready(Result<void>());
    }

    bool available = true;
    QMap<QString, QString> values;
};

} // namespace caisson::desk
