// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <QFuture>
#include <QMap>
#include <QPromise>
#include <QString>

namespace caisson::desk {

/// Where secrets outlive this machine's restart, by name. Calls never wait.
class SecretStore
{
public:
    virtual ~SecretStore() = default;

    /// Whether a value can be kept and had back; found out by doing it once.
    virtual QFuture<bool> isAvailable() = 0;
    /// NotFound when there is none of that name.
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
    QFuture<bool> isAvailable() override { return ready(available); }
    QFuture<Result<QString>> read(const QString& name) override
    {
        if (!values.contains(name))
            return ready(Result<QString>(fail(ErrorCode::NotFound, "no such secret")));
        return ready(Result<QString>(values.value(name)));
    }
    QFuture<Result<void>> write(const QString& name, const QString& value) override
    {
        if (!available)
            return ready(Result<void>(fail(ErrorCode::Unavailable, "there is no keychain")));
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
