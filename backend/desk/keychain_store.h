// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/secret_store.h"

#include <QObject>
#include <QStringList>
#include <optional>

namespace QKeychain {
class Job;
}

namespace caisson::desk {

/// The desktop's keychain, through QtKeychain. On the GUI thread.
class KeychainStore : public QObject, public SecretStore
{
    Q_OBJECT
public:
    using QObject::QObject;

    QFuture<bool> isAvailable() override;
    QFuture<Result<QString>> read(const QString& name) override;
    QFuture<Result<void>> write(const QString& name, const QString& value) override;
    QFuture<Result<void>> remove(const QString& name) override;

private:
    std::optional<bool> m_isAvailable; ///< once it was tried
};

} // namespace caisson::desk
