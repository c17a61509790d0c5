// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/terminal_model.h"

#include "widgets/models/file_names.h"
#include "widgets/models/request_text.h"

#include <algorithm>

namespace caisson {

namespace {

/// The program's name, for a terminal without a title; a login shell's is told by its dash.
QString titleOf(const api::Terminal& terminal)
{
    if (!terminal.title.empty())
        return shownText(terminal.title, 200);
    if (terminal.argv.empty())
        return TerminalModel::tr("shell");
    QByteArray program = lastComponent(QByteArray::fromStdString(terminal.argv.front()));
    if (program.startsWith('-'))
        program.remove(0, 1);
    return displayName(program);
}

/// "t2-10" comes after "t2-9".
bool isOlder(const api::Terminal& one, const api::Terminal& other)
{
    return naturalLess(QString::fromStdString(one.id), QString::fromStdString(other.id));
}

} // namespace

QString endText(const api::ExitStatus& exit)
{
    if (exit.signal)
        return TerminalModel::tr("Ended by signal %1").arg(*exit.signal);
    if (exit.code.value_or(0) != 0)
        return TerminalModel::tr("Ended with exit code %1").arg(*exit.code);
    return TerminalModel::tr("Ended");
}

void TerminalModel::reset(std::vector<api::Terminal> terminals, const QStringList& wanted)
{
    const QStringList known = order();
    for (const QString& id : known) {
        if (!std::ranges::contains(terminals, id.toStdString(), &api::Terminal::id))
            remove(id);
    }
    std::ranges::sort(terminals, isOlder);
    // Before they are in the tabs' order: the older is the first, wherever it was moved.
    for (const api::Terminal& terminal : terminals)
        name(terminal);
    std::ranges::stable_sort(terminals, {}, [&wanted](const api::Terminal& terminal) {
        const qsizetype place = wanted.indexOf(QString::fromStdString(terminal.id));
        return place < 0 ? wanted.size() : place;
    });
    for (const api::Terminal& terminal : terminals)
        put(terminal);
}

/// Tells it from the others of its title by a number, and lets it keep that. One that has ended
/// needs none: a new one may take its place.
void TerminalModel::name(const api::Terminal& terminal)
{
    const QString id = QString::fromStdString(terminal.id);
    Name name{.title = titleOf(terminal), .isEnded = terminal.exit.has_value()};
    if (const auto known = m_names.find(id); known != m_names.end() && known->title == name.title) {
        known->isEnded = name.isEnded;
        return;
    }
    const auto isTaken = [&name](const Name& other) {
        return !other.isEnded && other.title == name.title && other.number == name.number;
    };
    while (std::ranges::any_of(m_names, isTaken))
        ++name.number;
    m_names.insert(id, name);
}

QString TerminalModel::nameOf(const api::Terminal& terminal) const
{
    const Name name = m_names.value(QString::fromStdString(terminal.id));
    return name.number == 1 ? name.title
                            : tr("%1 %2").arg(name.title, QString::number(name.number));
}

void TerminalModel::put(const api::Terminal& terminal)
{
    if (const int row = rowOf(QString::fromStdString(terminal.id)); row >= 0) {
        if (m_terminals[row] == terminal)
            return;
        m_terminals[row] = terminal;
        name(terminal);
        emit dataChanged(index(row), index(row));
        return;
    }
    const int row = rowCount();
    name(terminal);
    beginInsertRows({}, row, row);
    m_terminals.append(terminal);
    endInsertRows();
}

void TerminalModel::remove(const QString& id)
{
    const int row = rowOf(id);
    if (row < 0)
        return;
    beginRemoveRows({}, row, row);
    m_terminals.removeAt(row);
    m_names.remove(id);
    endRemoveRows();
}

void TerminalModel::clear()
{
    if (m_terminals.isEmpty())
        return;
    beginRemoveRows({}, 0, rowCount() - 1);
    m_terminals.clear();
    m_names.clear();
    endRemoveRows();
}

void TerminalModel::setEnded(const QString& id, const api::ExitStatus& exit)
{
    const int row = rowOf(id);
    if (row < 0 || m_terminals[row].exit == exit)
        return;
    m_terminals[row].exit = exit;
    name(m_terminals[row]);
    emit dataChanged(index(row), index(row));
}

void TerminalModel::move(int from, int to)
{
    if (from == to)
        return;
    beginMoveRows({}, from, from, {}, to > from ? to + 1 : to);
    m_terminals.move(from, to);
    endMoveRows();
}

QStringList TerminalModel::order() const
{
    QStringList ids;
    for (const api::Terminal& terminal : m_terminals)
        ids += QString::fromStdString(terminal.id);
    return ids;
}

int TerminalModel::rowOf(const QString& id) const
{
    const auto found = std::ranges::find(m_terminals, id.toStdString(), &api::Terminal::id);
    return found == m_terminals.end() ? -1 : static_cast<int>(found - m_terminals.begin());
}

int TerminalModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_terminals.size());
}

QVariant TerminalModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const api::Terminal& terminal = m_terminals[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return nameOf(terminal);
    case Qt::ToolTipRole: {
        QStringList words;
        for (const std::string& word : terminal.argv)
            words += displayName(QByteArray::fromStdString(word));
        return words.join(QLatin1Char(' '));
    }
    case IdRole:
        return QString::fromStdString(terminal.id);
    case EndedRole:
        return terminal.exit.has_value();
    case EndTextRole:
        return terminal.exit ? endText(*terminal.exit) : QString();
    default:
        return {};
    }
}

QHash<int, QByteArray> TerminalModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{IdRole, "id"}, {EndedRole, "ended"}, {EndTextRole, "endText"}});
    return names;
}

} // namespace caisson
