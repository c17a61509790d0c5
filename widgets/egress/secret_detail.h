// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace caisson {

class SecretModel;
class SecretUsers;

/// Which rules put a secret in, and where it was used last in each sandbox.
class SecretDetail : public QWidget
{
    Q_OBJECT
public:
    /// Both outlive it.
    SecretDetail(const SecretModel& model, const SecretUsers& users, QWidget* parent = nullptr);

    /// Shows it, or nothing where there is none of that name.
    void setSecret(const QString& name);
    /// "rule github-read in api-refactor, for *.github.com", of the sandboxes that run: the first ones,
    /// and how many more.
    QStringList rulesText(const QString& name) const;

private:
    const SecretModel& m_model;
    const SecretUsers& m_users;
    QLabel* m_rules;
    QLabel* m_usesTitle;
    QLabel* m_uses;
};

} // namespace caisson
