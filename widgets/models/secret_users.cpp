// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/secret_users.h"

#include "widgets/models/rule_text.h"

#include <QSet>

namespace caisson {

SecretUsers::SecretUsers(desk::Backend& backend, QObject* parent)
    : QObject(parent)
    , m_backend(backend)
{
    connect(&m_backend, &desk::Backend::policyChanged, this, [this](const QString& sandbox) {
        if (m_isFollowing)
            read(sandbox);
    });
    connect(&m_backend, &desk::Backend::sandboxChanged, this, [this](const api::Sandbox& sandbox) {
        const QString id = QString::fromStdString(sandbox.id);
        if (m_isFollowing && !m_bySandbox.contains(id))
            read(id);
    });
    connect(&m_backend, &desk::Backend::sandboxRemoved, this, &SecretUsers::forget);
}

void SecretUsers::refresh()
{
    m_isFollowing = true;
    m_backend.listSandboxes().then(this, [this](const Result<api::SandboxList>& list) {
        if (!list)
            return; // whoever shows the sandboxes says so
        QSet<QString> present;
        for (const api::Sandbox& sandbox : list->sandboxes)
            present += QString::fromStdString(sandbox.id);
        for (const QString& known : m_bySandbox.keys()) {
            if (!present.contains(known))
                forget(known);
        }
        for (const QString& sandbox : std::as_const(present))
            read(sandbox);
    });
}

void SecretUsers::read(const QString& sandbox)
{
    if (!m_toRead.contains(sandbox))
        m_toRead += sandbox;
    readNext();
}

void SecretUsers::readNext()
{
    if (m_toRead.isEmpty() || std::exchange(m_isReading, true))
        return;
    const QString sandbox = m_toRead.takeFirst();
    m_backend.egressPolicy(sandbox).then(this,
                                         [this, sandbox](const Result<api::EgressPolicy>& policy) {
                                             m_isReading = false;
                                             if (policy)
                                                 take(sandbox, *policy);
                                             else
                                                 forget(sandbox);
                                             readNext();
                                         });
}

void SecretUsers::take(const QString& sandbox, const api::EgressPolicy& policy)
{
    QList<std::pair<QString, SecretUser>> users;
    for (const api::EgressRule& rule : policy.rules) {
        for (const QString& secret : secretsOf(rule))
            users += {secret,
                      {sandbox, QString::fromStdString(rule.id), fieldText(rule, RuleField::Host)}};
    }
    const bool isNews = m_bySandbox.value(sandbox) != users;
    m_bySandbox.insert(sandbox, users);
    if (isNews)
        emit changed();
}

void SecretUsers::forget(const QString& sandbox)
{
    if (!m_bySandbox.take(sandbox).isEmpty())
        emit changed();
}

QList<SecretUser> SecretUsers::of(const QString& secret) const
{
    QList<SecretUser> users;
    for (const auto& known : m_bySandbox) {
        for (const auto& [name, user] : known) {
            if (name == secret)
                users += user;
        }
    }
    return users;
}

} // namespace caisson
