// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QList>
#include <QMap>
#include <QObject>
#include <utility>

namespace caisson {

/// A rule that puts a secret in.
struct SecretUser
{
    QString sandbox; ///< id
    QString rule;    ///< id
    QString host;    ///< or the block of addresses
    bool operator==(const SecretUser&) const = default;
};

/// Which rules of the sandboxes put in which secrets, whether these run or not. They are read one
/// after another, since each that does not run costs its host a process.
class SecretUsers : public QObject
{
    Q_OBJECT
public:
    /// `backend` outlives it.
    explicit SecretUsers(desk::Backend& backend, QObject* parent = nullptr);

    /// Reads them all anew. Until it has been called once, nothing is followed.
    void refresh();
    /// By sandbox, and there in the rules' order.
    QList<SecretUser> of(const QString& secret) const;

signals:
    void changed();

private:
    void read(const QString& sandbox);
    void readNext();
    void take(const QString& sandbox, const api::EgressPolicy& policy);
    void forget(const QString& sandbox);

    desk::Backend& m_backend;
    bool m_isFollowing = false;
    bool m_isReading = false;
    QList<QString> m_toRead;                                          ///< each once
    QMap<QString, QList<std::pair<QString, SecretUser>>> m_bySandbox; ///< secret and user
};

} // namespace caisson
