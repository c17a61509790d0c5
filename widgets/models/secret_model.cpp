// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/secret_model.h"

#include "widgets/models/request_text.h"

#include <QDateTime>
#include <QLocale>
#include <QRegularExpression>
#include <algorithm>

namespace caisson {

namespace {

/// After a restart, while the desktop's keychain is locked.
bool isAwaited(const api::SecretInfo& secret)
{
    return !secret.known && secret.lasts == "keychain";
}

} // namespace

QString secretNameProblem(const QString& name)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"));
    if (name.isEmpty())
        return SecretModel::tr("A secret needs a name, by which rules refer to it.");
    if (!form.match(name).hasMatch())
        return SecretModel::tr("Names have letters, digits, “.”, “-” and “_”, at most 64, and "
                               "begin with a letter or digit.");
    return {};
}

void SecretModel::reset(const std::vector<api::SecretInfo>& secrets)
{
    QList<api::SecretInfo> wanted(secrets.begin(), secrets.end());
    std::ranges::sort(wanted, {}, &api::SecretInfo::name);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (!std::ranges::contains(wanted, m_secrets[row].name, &api::SecretInfo::name)) {
            beginRemoveRows({}, row, row);
            m_secrets.removeAt(row);
            endRemoveRows();
        }
    }
    for (int row = 0; row < wanted.size(); ++row) {
        if (row >= rowCount() || m_secrets[row].name != wanted[row].name) {
            beginInsertRows({}, row, row);
            m_secrets.insert(row, wanted[row]);
            endInsertRows();
        } else if (m_secrets[row] != wanted[row]) {
            m_secrets[row] = wanted[row];
            emit dataChanged(index(row, 0), index(row, Columns - 1));
        }
    }
}

void SecretModel::setKept(const QSet<QString>& names)
{
    if (std::exchange(m_kept, names) != names && rowCount() > 0)
        emit dataChanged(index(0, Lasts), index(rowCount() - 1, Lasts));
}

void SecretModel::setNaming(std::function<QString(const QString&)> nameOf)
{
    m_nameOf = std::move(nameOf);
}

int SecretModel::rowOf(const QString& name) const
{
    const auto found = std::ranges::find(m_secrets, name.toStdString(), &api::SecretInfo::name);
    return found == m_secrets.end() ? -1 : static_cast<int>(found - m_secrets.begin());
}

int SecretModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_secrets.size());
}

int SecretModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

/// "api.github.com in api-refactor"
QString SecretModel::placeOf(const api::SecretUse& use) const
{
    const QString host = shownText(use.host, 200);
    const QString name = m_nameOf ? m_nameOf(QString::fromStdString(use.sandbox)) : QString();
    return name.isEmpty() ? host : tr("%1 in %2").arg(host, name);
}

QString SecretModel::nameOf(const QString& sandbox) const
{
    const QString name = m_nameOf ? m_nameOf(sandbox) : QString();
    return name.isEmpty() ? sandbox : name;
}

QStringList SecretModel::usesText(int row) const
{
    QStringList lines;
    for (const api::SecretUse& use : m_secrets[row].uses) {
        const QDateTime time =
            QDateTime::fromString(QString::fromStdString(use.time), Qt::ISODateWithMs);
        lines += tr("%1, rule %2, by %3, %4")
                     .arg(placeOf(use), shownText(use.rule, 80), processChain(use.process),
                          QLocale().toString(time.toLocalTime(), QStringLiteral("d MMM HH:mm")));
    }
    return lines;
}

QString SecretModel::lastsText(const api::SecretInfo& secret) const
{
    if (m_kept.contains(QString::fromStdString(secret.name)) || secret.lasts == "keychain")
        return tr("in the keychain");
    if (secret.lasts == "file")
        return tr("in a file, with a passphrase");
    return tr("until this machine restarts");
}

QVariant SecretModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const api::SecretInfo& secret = m_secrets[index.row()];
    const api::SecretUse* last = secret.uses.empty() ? nullptr : &secret.uses.front();
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Name:
            return QString::fromStdString(secret.name);
        case Where:
            if (isAwaited(secret))
                return tr("its value is not at hand");
            if (!last)
                return tr("not used yet");
            return secret.uses.size() < 2
                       ? placeOf(*last)
                       : tr("%1, and %2 more")
                             .arg(placeOf(*last), QString::number(secret.uses.size() - 1));
        case When:
            return last ? QVariant(QDateTime::fromString(QString::fromStdString(last->time),
                                                         Qt::ISODateWithMs))
                        : QVariant();
        case By:
            return last ? programName(last->process) : QString();
        case Lasts:
            return lastsText(secret);
        default:
            return {};
        }
    case Qt::ToolTipRole: {
        QStringList lines{
            tr("%1, kept %2").arg(QString::fromStdString(secret.name), lastsText(secret))};
        lines += usesText(index.row());
        return lines.join(QLatin1Char('\n'));
    }
    case NameRole:
        return QString::fromStdString(secret.name);
    default:
        return {};
    }
}

QVariant SecretModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Name");
    case Where:
        return tr("Last used at");
    case When:
        return tr("When");
    case By:
        return tr("By");
    case Lasts:
        return tr("Kept");
    default:
        return {};
    }
}

} // namespace caisson
