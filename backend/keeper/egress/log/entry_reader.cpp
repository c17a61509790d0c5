// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/entry_reader.h"

#include "backend/keeper/egress/log/request_log.h"
#include "backend/keeper/egress/log/schema.h"
#include "backend/policy/host_name.h"
#include "backend/policy/host_pattern.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

namespace caisson::keeper {

namespace {

constexpr std::size_t kTotals = 8;
constexpr std::int64_t kMostRows = 1'000;
/// Of text in the rows of one answer, so that it takes the keeper some megabytes at most. Addresses may be
/// of 60 kB, and who asked of more.
constexpr std::size_t kMostText = 1024 * 1024;
/// Of so many rows or fewer, sorting those of the index is quicker than looking through all.
constexpr std::int64_t kFew = 20'000;

constexpr const char* kSetUp = R"sql(
    PRAGMA cache_size = -2048;
    PRAGMA temp_store = MEMORY;
    PRAGMA query_only = ON;
)sql";

constexpr std::string_view kColumns =
    "id, verdict, host, method, rule, terminal, why, process, path, query, time, scheme, port, "
    "status, bytes_out, bytes_in, ms, generation, exec, secret, flag, protocol, address, "
    "content_type";
constexpr int kColumnCount = 24;

/// The WHERE clause of a query's filter, and what its placeholders stand for, in order.
struct Filter
{
    std::string sql = "1";
    std::vector<std::string> texts;

    /// The filter and its words as one text.
    std::string key() const
    {
        std::string key = sql;
        for (const std::string& text : texts)
            key += '\0' + text;
        return key;
    }
};

/// A pattern of LIKE that fits what `text` stands in.
std::string likeText(std::string_view before, std::string_view text, std::string_view after)
{
    std::string pattern(before);
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern.append(after);
}

bool fitsHost(std::string_view pattern, std::string_view host)
{
    return policy::HostPattern(pattern).fits(host, policy::Address::parse(host).has_value());
}

/// What urlOf() makes of a row with a path, in SQL.
constexpr std::string_view kUrl = R"sql(
    (SELECT s.text || '://' || CASE WHEN h.text LIKE '%:%' THEN '[' || h.text || ']' ELSE h.text END ||
            CASE WHEN port = 0 OR (s.text = 'http' AND port = 80) OR (s.text = 'https' AND port = 443)
                 THEN '' ELSE ':' || port END ||
            path || CASE WHEN query = '' THEN '' ELSE '?' || query END
     FROM word AS s, word AS h WHERE s.id = scheme AND h.id = host))sql";

/// What of a piece of a URL is of its host, if the host's end or its begin is in it at all.
std::string_view hostIn(std::string_view text)
{
    constexpr std::string_view kScheme = "://";
    if (const std::size_t scheme = text.find(kScheme); scheme != std::string_view::npos)
        text.remove_prefix(scheme + kScheme.size());
    text = text.substr(0, text.find_first_of(":/?]"));
    return text.starts_with('[') ? text.substr(1) : text;
}

bool isStatus(std::string_view text)
{
    return text.size() == 3 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

enum class HostIndex { Used, NotUsed };

Filter filterOf(const LogQuery& query, HostIndex index)
{
    Filter filter;
    // SQLite numbers placeholders from 1.
    const auto place = [&](std::string text) {
        filter.texts.push_back(std::move(text));
        return "?" + std::to_string(filter.texts.size());
    };
    if (!query.verdict.empty()) {
        const auto number =
            std::ranges::find(schema::kVerdicts, query.verdict) - schema::kVerdicts.begin();
        // The index of what was refused is used where SQLite sees that only such rows are wanted.
        filter.sql += " AND verdict = " + std::to_string(number);
        if (number != 0)
            filter.sql += " AND verdict <> 0";
    }
    if (!query.host.empty()) {
        // As hosts are written down.
        const std::string host = policy::canonicalHostPattern(query.host).value_or(query.host);
        // A plus sign before a column keeps SQLite from its index.
        filter.sql += index == HostIndex::Used ? " AND host" : " AND +host";
        filter.sql += " IN (SELECT id FROM word WHERE ";
        if (host.contains('*')) {
            filter.sql += "fits_host(" + place(host) + ", text))";
        } else {
            const std::string same = place(host);
            const std::string below = place(likeText("%.", host, ""));
            filter.sql += "text = " + same + " OR text LIKE " + below + " ESCAPE '\\')";
        }
    }
    // A person writes "get"; a sandbox may, too.
    if (!query.method.empty())
        filter.sql += " AND method IN (SELECT id FROM word WHERE text = " + place(query.method) +
                      " COLLATE NOCASE)";
    const std::pair<const char*, const std::string*> words[] = {{"rule", &query.rule},
                                                                {"terminal", &query.terminal}};
    for (const auto& [column, text] : words) {
        if (!text->empty())
            filter.sql += " AND " + std::string(column) +
                          " IN (SELECT id FROM word WHERE text = " + place(*text) + ")";
    }
    std::istringstream typed(query.text);
    for (std::string text; typed >> text;) {
        const std::string like = " LIKE " + place(likeText("%", text, "%")) + " ESCAPE '\\'";
        const std::string inWords = " IN (SELECT id FROM word WHERE text" + like + ")";
        // Damaged parents cost themselves alone, not the search.
        filter.sql += " AND (host" + inWords + " OR method" + inWords + " OR why" + inWords +
                      " OR process IN (SELECT id FROM process WHERE exe" + like + " OR cmdline" +
                      like +
                      " OR CASE WHEN json_valid(parents) THEN EXISTS (SELECT 1 FROM "
                      "json_each(parents) WHERE json_extract(value, '$[1]')" +
                      like + ") END) OR path" + like + " OR query" + like;
        if (isStatus(text))
            filter.sql += " OR status = " + text;
        // Where two parts of the URL meet. To look at whole URLs is slow, so the host sorts out first.
        if (text.contains('?'))
            filter.sql += " OR path || '?' || query" + like;
        if (text.find_first_of(":/") != std::string::npos)
            filter.sql += " OR (host IN (SELECT id FROM word WHERE text LIKE " +
                          place(likeText("%", hostIn(text), "%")) + " ESCAPE '\\') AND " +
                          std::string(kUrl) + like + ")";
        filter.sql += ')';
    }
    return filter;
}

void bindAll(Statement& statement, const Filter& filter)
{
    int place = 0;
    for (const std::string& text : filter.texts)
        statement.bind(++place, std::string_view(text));
}

std::size_t textIn(const api::EgressEntry& entry)
{
    std::size_t size = entry.path.size() + entry.query.size() + entry.host.size() +
                       entry.why.size() + entry.process.exe.size() + entry.process.cmdline.size();
    for (const api::ProcessInfo& parent : entry.process.parents)
        size += parent.exe.size() + parent.cmdline.size();
    return size;
}

} // namespace

Result<EntryReader> EntryReader::open(const std::string& path)
{
    Result<Database> database = Database::open(path, Database::Access::Read);
    if (!database)
        return std::unexpected(std::move(database.error()));
    if (Result<void> set = database->execute(kSetUp); !set)
        return std::unexpected(std::move(set.error()));
    if (Result<void> defined = database->define("fits_host", fitsHost); !defined)
        return std::unexpected(std::move(defined.error()));
    EntryReader reader(std::move(*database));
    Result<Statement> word = reader.m_database.prepare("SELECT text FROM word WHERE id = ?1");
    if (!word)
        return std::unexpected(std::move(word.error()));
    Result<Statement> process =
        reader.m_database.prepare("SELECT pid, exe, cmdline, parents FROM process WHERE id = ?1");
    if (!process)
        return std::unexpected(std::move(process.error()));
    reader.m_word = std::move(*word);
    reader.m_process = std::move(*process);
    return reader;
}

Result<std::string> EntryReader::word(std::int64_t number)
{
    if (number == 0)
        return std::string();
    if (const auto known = m_words.find(number); known != m_words.end())
        return known->second;
    const Result<bool> row = m_word.bind(1, number).step();
    if (!row)
        return std::unexpected(row.error());
    std::string text(*row ? m_word.text(0) : std::string_view());
    m_word.reset();
    return m_words.emplace(number, std::move(text)).first->second;
}

Result<api::EgressProcess> EntryReader::process(std::int64_t number)
{
    if (number == 0)
        return api::EgressProcess();
    if (const auto known = m_processes.find(number); known != m_processes.end())
        return known->second;
    const Result<bool> row = m_process.bind(1, number).step();
    if (!row)
        return std::unexpected(row.error());
    api::EgressProcess process;
    if (*row) {
        process.pid = m_process.number(0);
        process.exe = m_process.text(1);
        process.cmdline = m_process.text(2);
        // Written by EntryWriter; a damaged one costs the parents, not the row.
        const nlohmann::json parents = nlohmann::json::parse(m_process.text(3), nullptr, false);
        for (const nlohmann::json& parent : parents) {
            if (parent.is_array() && parent.size() == 3 && parent[0].is_number_integer() &&
                parent[1].is_string() && parent[2].is_string())
                process.parents.push_back({parent[0], parent[1], parent[2]});
        }
    }
    m_process.reset();
    return m_processes.emplace(number, std::move(process)).first->second;
}

Result<api::EgressEntry> EntryReader::entryOf(Statement& row)
{
    api::EgressEntry entry;
    entry.id = row.number(0);
    const auto verdict = static_cast<std::size_t>(row.number(1));
    if (verdict < schema::kVerdicts.size())
        entry.verdict = schema::kVerdicts[verdict];
    const std::pair<int, std::string*> words[] = {
        {2, &entry.host},  {3, &entry.method},    {4, &entry.rule},     {5, &entry.terminal},
        {6, &entry.why},   {11, &entry.scheme},   {18, &entry.exec},    {19, &entry.secret},
        {20, &entry.flag}, {21, &entry.protocol}, {22, &entry.address}, {23, &entry.contentType},
    };
    for (const auto& [column, text] : words) {
        Result<std::string> found = word(row.number(column));
        if (!found)
            return std::unexpected(std::move(found.error()));
        *text = std::move(*found);
    }
    Result<api::EgressProcess> who = process(row.number(7));
    if (!who)
        return std::unexpected(std::move(who.error()));
    entry.process = std::move(*who);
    entry.path = row.text(8);
    entry.query = row.text(9);
    entry.time = row.text(10);
    entry.port = row.number(12);
    entry.status = row.number(13);
    entry.bytesOut = row.number(14);
    entry.bytesIn = row.number(15);
    entry.ms = row.real(16);
    entry.generation = row.number(17);
    return entry;
}

Result<EntryReader::Rows> EntryReader::rows(Statement& statement)
{
    m_words.clear();
    m_processes.clear();
    Rows rows;
    std::size_t text = 0;
    for (;;) {
        const Result<bool> row = statement.step();
        if (!row)
            return std::unexpected(row.error());
        if (!*row)
            return rows;
        if (text > kMostText) {
            rows.isCut = true;
            return rows;
        }
        Result<api::EgressEntry> entry = entryOf(statement);
        if (!entry)
            return std::unexpected(std::move(entry.error()));
        text += textIn(*entry);
        rows.entries.push_back(std::move(*entry));
    }
}

Result<std::int64_t> EntryReader::total(const LogQuery& query, std::int64_t drops)
{
    const Filter filter = filterOf(query, HostIndex::Used);
    const std::string key = filter.key();
    auto known = std::ranges::find(m_totals, key, &Total::filter);
    if (known != m_totals.end() && known->drops != drops) {
        m_totals.erase(known);
        known = m_totals.end();
    }
    if (known == m_totals.end()) {
        m_totals.push_front({key, drops, 0, 0});
        if (m_totals.size() > kTotals)
            m_totals.pop_back();
    } else {
        m_totals.splice(m_totals.begin(), m_totals, known);
    }
    Total& total = m_totals.front();
    const Result<std::int64_t> last = m_database.number("SELECT max(id) FROM entry");
    if (!last)
        return std::unexpected(last.error());
    if (*last <= total.upTo)
        return total.rows;
    std::string sql = "SELECT count(*) FROM entry WHERE " + filter.sql;
    if (total.upTo > 0)
        sql += " AND id > " + std::to_string(total.upTo);
    Result<Statement> statement = m_database.prepare(sql);
    if (!statement)
        return std::unexpected(std::move(statement.error()));
    bindAll(*statement, filter);
    const Result<bool> row = statement->step();
    if (!row)
        return std::unexpected(row.error());
    total.rows += statement->number(0);
    total.upTo = *last;
    return total.rows;
}

Result<api::EgressLog> EntryReader::query(const LogQuery& query, std::int64_t drops)
{
    // One snapshot for the rows and their number.
    if (Result<void> begun = m_database.execute("BEGIN"); !begun)
        return std::unexpected(std::move(begun.error()));
    const auto steps = [&]() -> Result<api::EgressLog> {
        api::EgressLog log;
        const Result<std::int64_t> all = total(query, drops);
        if (!all)
            return std::unexpected(all.error());
        log.total = *all;
        if (log.total == 0 || query.limit == 0)
            return log;
        const Filter filter =
            filterOf(query, log.total <= kFew ? HostIndex::Used : HostIndex::NotUsed);
        const std::int64_t limit = std::clamp<std::int64_t>(query.limit, 1, kMostRows);
        std::string sql = "SELECT " + std::string(kColumns) + " FROM entry WHERE " + filter.sql;
        if (query.before > 0)
            sql += " AND id < " + std::to_string(query.before);
        if (query.after > 0)
            sql += " AND id > " + std::to_string(query.after);
        // One more than wanted, to know whether there is one.
        sql += query.oldestFirst ? " ORDER BY id LIMIT " : " ORDER BY id DESC LIMIT ";
        sql += std::to_string(limit + 1);
        Result<Statement> statement = m_database.prepare(sql);
        if (!statement)
            return std::unexpected(std::move(statement.error()));
        bindAll(*statement, filter);
        Result<Rows> found = rows(*statement);
        if (!found)
            return std::unexpected(std::move(found.error()));
        log.entries = std::move(found->entries);
        const bool isOver = std::cmp_greater(log.entries.size(), limit);
        if (isOver)
            log.entries.pop_back();
        if (isOver || found->isCut)
            log.next = log.entries.back().id;
        return log;
    };
    Result<api::EgressLog> log = steps();
    if (Result<void> ended = m_database.execute("COMMIT"); !ended && log)
        return std::unexpected(std::move(ended.error()));
    return log;
}

Result<std::vector<LogNews>> EntryReader::news(const LogQuery& query)
{
    const Filter filter = filterOf(query, HostIndex::NotUsed);
    const std::int64_t limit = std::clamp<std::int64_t>(query.limit, 1, kMostRows);
    const std::string columns(kColumns);
    const std::string after = std::to_string(query.after);
    const std::string end = " LIMIT " + std::to_string(limit);
    // What has ended comes at its end only.
    const std::string added = "SELECT " + columns + ", id FROM entry WHERE " + filter.sql +
                              " AND id > " + after +
                              " AND NOT EXISTS (SELECT 1 FROM ended WHERE ended.entry = entry.id)"
                              " ORDER BY id" +
                              end;
    const std::string ended = "SELECT " + columns +
                              ", cursor FROM ended CROSS JOIN entry ON entry.id = ended.entry "
                              "WHERE " +
                              filter.sql + " AND cursor > " + after + " ORDER BY cursor" + end;
    if (Result<void> begun = m_database.execute("BEGIN"); !begun)
        return std::unexpected(std::move(begun.error()));
    const auto steps = [&]() -> Result<std::vector<LogNews>> {
        m_words.clear();
        m_processes.clear();
        std::vector<LogNews> news;
        std::int64_t cut = std::numeric_limits<std::int64_t>::max();
        for (const std::string& sql : {added, ended}) {
            std::size_t text = 0;
            Result<Statement> statement = m_database.prepare(sql);
            if (!statement)
                return std::unexpected(std::move(statement.error()));
            bindAll(*statement, filter);
            for (;;) {
                const Result<bool> row = statement->step();
                if (!row)
                    return std::unexpected(row.error());
                if (!*row)
                    break;
                Result<api::EgressEntry> entry = entryOf(*statement);
                if (!entry)
                    return std::unexpected(std::move(entry.error()));
                text += textIn(*entry);
                news.push_back({statement->number(kColumnCount), std::move(*entry)});
                if (text > kMostText) {
                    cut = std::min(cut, news.back().cursor);
                    break;
                }
            }
        }
        std::ranges::sort(news, {}, &LogNews::cursor);
        // Nothing behind a place from which on one of both was not read.
        std::erase_if(news, [&](const LogNews& one) { return one.cursor > cut; });
        if (std::cmp_greater(news.size(), limit))
            news.resize(static_cast<std::size_t>(limit));
        return news;
    };
    Result<std::vector<LogNews>> news = steps();
    if (Result<void> committed = m_database.execute("COMMIT"); !committed && news)
        return std::unexpected(std::move(committed.error()));
    return news;
}

Result<std::vector<api::EgressEntry>> EntryReader::following(std::int64_t after, std::int64_t limit,
                                                             Kind kind)
{
    const std::string sql = "SELECT " + std::string(kColumns) +
                            " FROM entry WHERE id > ?1 AND method " +
                            (kind == Kind::Http ? "<> 0" : "= 0") + " ORDER BY id LIMIT ?2";
    Result<Statement> statement = m_database.prepare(sql);
    if (!statement)
        return std::unexpected(std::move(statement.error()));
    statement->bind(1, after).bind(2, limit);
    Result<Rows> found = rows(*statement);
    if (!found)
        return std::unexpected(std::move(found.error()));
    return std::move(found->entries);
}

} // namespace caisson::keeper
