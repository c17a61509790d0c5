// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/prompt_model.h"

#include "widgets/models/request_text.h"

#include <QSet>
#include <algorithm>

namespace caisson {

QString promptSentence(const api::Prompt& prompt)
{
    const QString program = programName(prompt.process);
    const QString url = urlParts(prompt).whole();
    const QString sentence =
        prompt.method.empty()
            ? PromptModel::tr("%1 wants to reach %2").arg(program, url)
            : PromptModel::tr("%1 wants to %2 %3").arg(program, shownText(prompt.method, 20), url);
    return prompt.isPrivate ? PromptModel::tr("%1, on this machine or its network").arg(sentence)
                            : sentence;
}

void PromptModel::reset(const QString& sandbox, const std::vector<api::Prompt>& prompts)
{
    QSet<QString> kept;
    for (const api::Prompt& prompt : prompts)
        kept += QString::fromStdString(prompt.id);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (m_rows[row].sandbox != sandbox)
            continue;
        const QString id = QString::fromStdString(m_rows[row].prompt.id);
        if (!kept.contains(id))
            remove(sandbox, id);
    }
    for (const api::Prompt& prompt : prompts)
        put(sandbox, prompt);
}

void PromptModel::put(const QString& sandbox, const api::Prompt& prompt)
{
    const int known = rowOf(sandbox, QString::fromStdString(prompt.id));
    if (known >= 0) {
        if (m_rows[known].prompt == prompt)
            return;
        const bool was = m_rows[known].prompt.count > 0;
        m_rows[known].prompt = prompt;
        emit dataChanged(index(known), index(known));
        if (was != (prompt.count > 0))
            emit waitingChanged(sandbox);
        return;
    }
    // RFC 3339 in UTC sorts as text.
    const auto place = std::ranges::upper_bound(
        m_rows, prompt.since, {},
        [](const Row& row) -> const std::string& { return row.prompt.since; });
    const auto row = static_cast<int>(place - m_rows.begin());
    beginInsertRows({}, row, row);
    m_rows.insert(row, {.sandbox = sandbox,
                        .prompt = prompt,
                        .deadline = QDateTime::fromString(QString::fromStdString(prompt.deadline),
                                                          Qt::ISODateWithMs)});
    endInsertRows();
    emit waitingChanged(sandbox);
}

void PromptModel::remove(const QString& sandbox, const QString& prompt)
{
    const int row = rowOf(sandbox, prompt);
    if (row < 0)
        return;
    beginRemoveRows({}, row, row);
    m_rows.removeAt(row);
    endRemoveRows();
    emit waitingChanged(sandbox);
}

void PromptModel::removeSandbox(const QString& sandbox)
{
    reset(sandbox, {});
}

void PromptModel::setAnswering(const QString& sandbox, const QString& prompt, bool isAnswering)
{
    const int row = rowOf(sandbox, prompt);
    if (row < 0 || std::exchange(m_rows[row].isAnswering, isAnswering) == isAnswering)
        return;
    emit dataChanged(index(row), index(row));
    emit waitingChanged(sandbox);
}

int PromptModel::rowOf(const QString& sandbox, const QString& prompt) const
{
    const std::string id = prompt.toStdString();
    const auto found = std::ranges::find_if(
        m_rows, [&](const Row& row) { return row.sandbox == sandbox && row.prompt.id == id; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int PromptModel::waiting() const
{
    return static_cast<int>(std::ranges::count_if(
        m_rows, [](const Row& row) { return row.prompt.count > 0 && !row.isAnswering; }));
}

int PromptModel::waiting(const QString& sandbox) const
{
    return static_cast<int>(std::ranges::count_if(m_rows, [&](const Row& row) {
        return row.sandbox == sandbox && row.prompt.count > 0 && !row.isAnswering;
    }));
}

int PromptModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant PromptModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return promptSentence(row.prompt);
    case SandboxRole:
        return row.sandbox;
    case PromptRole:
        return QString::fromStdString(row.prompt.id);
    case CountRole:
        return static_cast<int>(row.prompt.count);
    case DeadlineRole:
        return row.deadline;
    case ChainRole:
        return processChain(row.prompt.process);
    case AnsweringRole:
        return row.isAnswering;
    default:
        return {};
    }
}

QHash<int, QByteArray> PromptModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{SandboxRole, "sandbox"},
                  {PromptRole, "prompt"},
                  {CountRole, "count"},
                  {DeadlineRole, "deadline"},
                  {ChainRole, "chain"},
                  {AnsweringRole, "answering"}});
    return names;
}

} // namespace caisson
