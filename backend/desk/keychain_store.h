// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/secret_store.h"

#include <QObject>
#include <QStringList>

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

    QFuture<Result<void>> check() override;
    QFuture<Result<QString>> read(const QString& name) override;
    QFuture<Result<void>> write(const QString& name, const QString& value) override;
    QFuture<Result<void>> remove(const QString& name) override;

private:
    bool m_isChecked = false; ///< and good
};

} // namespace caisson::desk
