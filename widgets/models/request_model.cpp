// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/request_model.h"

#include "widgets/models/request_text.h"

#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <cmath>
#include <ranges>

namespace caisson {

namespace {

constexpr qint64 kPage = 200;
/// How the keeper goes on after what let a request pass, where it answers in the origin's place:
/// "Rule a allows everything to b. But no address of b answers."
constexpr std::string_view kFailure = ". But ";

QDateTime timeOf(const api::EgressEntry& entry)
{
    return QDateTime::fromString(QString::fromStdString(entry.time), Qt::ISODateWithMs);
}

/// When it was written, by which the rows are in their order: at its end. What lasts is written while
/// it is open, soon after it began.
QDateTime placeTime(const api::EgressEntry& entry)
{
    const QDateTime began = timeOf(entry);
    const bool isLasting = entry.method.empty() || entry.protocol == "websocket" || isOpen(entry);
    return isLasting ? began : began.addMSecs(std::llround(entry.ms));
}

/// The day only where it is another than today's.
QString shownTime(const QDateTime& time)
{
    if (!time.isValid())
        return {};
    const QDateTime local = time.toLocalTime();
    if (local.date() == QDate::currentDate())
        return local.toString(QStringLiteral("HH:mm:ss"));
    return QLocale().toString(local, QStringLiteral("d MMM HH:mm"));
}

} // namespace

QString verdictText(const std::string& verdict)
{
    if (verdict == "allow")
        return RequestModel::tr("allowed");
    if (verdict == "deny")
        return RequestModel::tr("denied");
    if (verdict == "tunnel")
        return RequestModel::tr("tunnel");
    return shownText(verdict, 20);
}

QString verdictText(const api::EgressEntry& entry)
{
    const QString verdict = verdictText(entry.verdict);
    if (isOpen(entry))
        return RequestModel::tr("%1, open").arg(verdict);
    return isFailed(entry) ? RequestModel::tr("%1, failed").arg(verdict) : verdict;
}

bool isOpen(const api::EgressEntry& entry)
{
    return entry.flag == "open";
}

bool isFailed(const api::EgressEntry& entry)
{
    if ((entry.verdict != "allow" && entry.verdict != "tunnel") || isOpen(entry))
        return false;
    if (entry.method.empty())
        return entry.address.empty(); // a stream that led nowhere
    // An origin that is a gateway itself says 502 as well; only the sentence tells whose it is.
    const bool isGateways = entry.status == 502 || entry.status == 504;
    return entry.status == 0 || (isGateways && entry.why.contains(kFailure));
}

QString flagText(const std::string& flag)
{
    if (flag == "pinned")
        return RequestModel::tr("The program did not trust the opened connection. It may accept "
                                "only certificates that it knows; a tunnel rule lets it through "
                                "unopened.");
    if (flag == "placeholder")
        return RequestModel::tr("A placeholder of a secret was on its way to a host that it is not "
                                "for, and was stopped.");
    if (flag == "masked")
        return RequestModel::tr("A secret came back in the answer and was masked.");
    if (flag == "open")
        return RequestModel::tr("It goes on: the figures are those of its beginning.");
    if (flag == "lost")
        return RequestModel::tr("How it ended is not known, since the sandbox's keeper was killed "
                                "meanwhile.");
    return shownText(flag, 80);
}

RequestModel::RequestModel(desk::Backend& backend, QString sandbox, QObject* parent)
    : QAbstractTableModel(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
{
}

RequestModel::~RequestModel() = default;

// ---- reading -----------------------------------------------------------------------------------

desk::EgressQuery RequestModel::query(qint64 before) const
{
    return {.text = m_text, .verdict = m_verdict, .before = before, .limit = kPage};
}

void RequestModel::setFilter(const QString& text, const QString& verdict)
{
    if (text == m_text && verdict == m_verdict)
        return;
    m_text = text;
    m_verdict = verdict;
    if (m_isRead || m_isReading)
        reload();
}

void RequestModel::setLive(bool isLive)
{
    if (std::exchange(m_isLive, isLive) == isLive)
        return;
    if (!isLive)
        m_link.reset();
    else if (m_isRead)
        follow();
    else
        reload();
}

void RequestModel::reload()
{
    m_link.reset();
    readPage(0);
}

void RequestModel::followAnew()
{
    if (m_isLive && m_isRead)
        follow();
    else if (m_isLive && !m_isReading)
        reload();
}

void RequestModel::readPage(qint64 before)
{
    m_isReading = true;
    const quint64 question = ++m_reading;
    m_backend.egressLog(m_sandbox, query(before))
        .then(this, [this, before, question](const Result<api::EgressLog>& result) {
            if (question != m_reading)
                return;
            m_isReading = false;
            if (!result) {
                emit failed(result.error());
                return;
            }
            paged(*result, before);
            emit read();
        });
}

void RequestModel::paged(const api::EgressLog& log, qint64 before)
{
    m_next = log.next;
    if (before == 0) {
        beginResetModel();
        m_rows = {log.entries.begin(), log.entries.end()};
        endResetModel();
        m_isRead = true;
        if (m_isLive)
            follow();
    } else if (!log.entries.empty()) {
        const int first = rowCount();
        beginInsertRows({}, first, first + static_cast<int>(log.entries.size()) - 1);
        m_rows.append(QList<api::EgressEntry>(log.entries.begin(), log.entries.end()));
        endInsertRows();
    }
    if (std::exchange(m_total, log.total) != log.total)
        emit totalChanged();
}

void RequestModel::follow()
{
    m_link = m_backend.followEgress(m_sandbox, query(0), m_rows.isEmpty() ? 0 : m_rows.first().id);
    connect(m_link.get(), &desk::EgressLink::entries, this, &RequestModel::addNew);
    connect(m_link.get(), &desk::EgressLink::failed, this, &RequestModel::failed);
}

void RequestModel::addNew(const QList<api::EgressEntry>& entries)
{
    QList<api::EgressEntry> fresh;
    const qint64 newest = m_rows.isEmpty() ? 0 : m_rows.first().id;
    bool isOneMore = false;
    for (const api::EgressEntry& entry : entries) {
        if (entry.id > newest)
            fresh += entry;
        else
            isOneMore = renew(entry) || isOneMore;
    }
    // What was over before it was seen comes behind those that were made after it; and what came
    // open may be over within the same frame: the latest counts.
    std::ranges::reverse(fresh);
    std::ranges::stable_sort(fresh, std::ranges::greater{}, &api::EgressEntry::id);
    const auto repeated = std::ranges::unique(fresh, {}, &api::EgressEntry::id);
    fresh.erase(repeated.begin(), repeated.end());
    if (!fresh.isEmpty())
        prepend(std::move(fresh));
    else if (isOneMore)
        emit totalChanged();
}

/// A row that was there, or could have been: it is over now. True: it is one more.
bool RequestModel::renew(const api::EgressEntry& entry)
{
    if (const int row = rowOf(entry.id); row >= 0) {
        m_rows[row] = entry;
        emit dataChanged(index(row, 0), index(row, Columns - 1));
        return false;
    }
    if (m_next > 0 && entry.id < m_rows.last().id)
        return false; // it is read when somebody scrolls there
    const auto place =
        std::ranges::lower_bound(m_rows, entry.id, std::ranges::greater{}, &api::EgressEntry::id);
    const auto row = static_cast<int>(place - m_rows.begin());
    beginInsertRows({}, row, row);
    m_rows.insert(row, entry);
    endInsertRows();
    ++m_total;
    return true;
}

void RequestModel::prepend(QList<api::EgressEntry> fresh)
{
    m_total += fresh.size();
    if (fresh.size() > kMostRows)
        fresh.resize(kMostRows);
    const auto count = static_cast<int>(fresh.size());
    beginInsertRows({}, 0, count - 1);
    m_rows = fresh + m_rows;
    endInsertRows();
    if (rowCount() > kMostRows) {
        beginRemoveRows({}, kMostRows, rowCount() - 1);
        m_rows.resize(kMostRows);
        endRemoveRows();
        m_next = m_rows.last().id;
    }
    emit totalChanged();
}

bool RequestModel::canFetchMore(const QModelIndex& parent) const
{
    return !parent.isValid() && m_next > 0 && !m_isReading && rowCount() < kMostRows;
}

void RequestModel::fetchMore(const QModelIndex& parent)
{
    if (canFetchMore(parent))
        readPage(m_next);
}

int RequestModel::rowOf(qint64 id) const
{
    const auto found =
        std::ranges::lower_bound(m_rows, id, std::ranges::greater{}, &api::EgressEntry::id);
    return found == m_rows.end() || found->id != id ? -1 : static_cast<int>(found - m_rows.begin());
}

// ---- as a table --------------------------------------------------------------------------------

int RequestModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int RequestModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant RequestModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const api::EgressEntry& entry = m_rows[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Verdict:
            return verdictText(entry);
        case Method:
            if (!entry.method.empty())
                return shownText(entry.method, 20);
            // What was no request that could be read has none; a stream is what it is.
            return entry.scheme == "http" || entry.scheme == "https" ? QStringLiteral("–")
                                                                     : shownText(entry.scheme, 12);
        case Url:
            return urlParts(entry).whole();
        case Program:
            return entry.process.exe.empty() ? QString() : programName(entry.process);
        case Status:
            return entry.status == 0 ? QString() : QString::number(entry.status);
        case Time:
            return shownTime(placeTime(entry));
        default:
            return {};
        }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(index.column() == Status || index.column() == Time
                                       ? Qt::AlignRight | Qt::AlignVCenter
                                       : Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::ToolTipRole: {
        QStringList lines{urlParts(entry).whole(), shownText(entry.why, 400)};
        lines += processChain(entry.process);
        const auto moment = [](const QDateTime& time) {
            return QLocale().toString(time.toLocalTime(), QStringLiteral("d MMM yyyy HH:mm:ss"));
        };
        const QString began = moment(timeOf(entry));
        const QString ended = moment(placeTime(entry));
        lines += began == ended ? began : tr("Asked on %1, over on %2").arg(began, ended);
        lines += flagText(entry.flag);
        lines.removeAll(QString());
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::AccessibleTextRole:
        return index.column() == Verdict
                   ? QVariant(tr("%1: %2 %3")
                                  .arg(verdictText(entry), shownText(entry.method, 20),
                                       urlParts(entry).whole()))
                   : QVariant();
    case IdRole:
        return static_cast<qint64>(entry.id);
    case VerdictRole:
        return QString::fromStdString(entry.verdict);
    case FailedRole:
        return isFailed(entry);
    case FlagRole:
        return QString::fromStdString(entry.flag);
    case TerminalRole:
        return QString::fromStdString(entry.terminal);
    default:
        return {};
    }
}

QVariant RequestModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(section == Status || section == Time
                                       ? Qt::AlignRight | Qt::AlignVCenter
                                       : Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::AccessibleTextRole && section == Verdict)
        return tr("Verdict"); // there is room for a shape only
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Method:
        return tr("Method");
    case Url:
        return tr("Address");
    case Program:
        return tr("Program");
    case Status:
        return tr("Status");
    case Time:
        return tr("Time");
    default:
        return {};
    }
}

} // namespace caisson
