// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/entry_writer.h"

#include "backend/base/log.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/egress/log/flags.h"
#include "backend/keeper/egress/log/schema.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <format>

#include <nlohmann/json.hpp>

namespace caisson::keeper {

namespace {

/// So many of the oldest rows go at once.
constexpr std::int64_t kDropped = 2'000;

// A file that is being made has nothing to lose yet, and is waited for by whoever starts a sandbox: no
// fsync(2). Should the machine stop just then, it is found unsound, and put aside.
constexpr const char* kMake = "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL";

constexpr const char* kSetUp = R"sql(
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -1024;
    PRAGMA journal_size_limit = 4194304;
    PRAGMA wal_autocheckpoint = 500;
)sql";

std::string parentsText(const std::vector<api::ProcessInfo>& parents)
{
    nlohmann::json list = nlohmann::json::array();
    for (const api::ProcessInfo& parent : parents)
        list.push_back({parent.pid, parent.exe, parent.cmdline});
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::int64_t verdictNumber(std::string_view verdict)
{
    return std::ranges::find(schema::kVerdicts, verdict) - schema::kVerdicts.begin();
}

} // namespace

Result<EntryWriter> EntryWriter::open(const std::string& path, std::int64_t maxBytes)
{
    // Its neighbours, the WAL and the shared memory, get the same rights.
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made)
        return failErrno("The log of requests");
    Result<EntryWriter> writer = openSound(path, maxBytes);
    if (writer)
        return writer;
    const std::string aside = path + ".old";
    logWarning("{} It is put aside as {}.", writer.error().message, aside);
    if (std::rename(path.c_str(), aside.c_str()) != 0)
        return failErrno("The log of requests cannot be put aside");
    for (const char* neighbour : {"-wal", "-shm"}) {
        if (std::remove((path + neighbour).c_str()) != 0 && errno != ENOENT)
            return failErrno("The log of requests cannot be put aside");
    }
    const UniqueFd again(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0600));
    if (!again)
        return failErrno("The log of requests");
    return openSound(path, maxBytes);
}

Result<EntryWriter> EntryWriter::openSound(const std::string& path, std::int64_t maxBytes)
{
    Result<Database> database = Database::open(path, Database::Access::Write);
    if (!database)
        return std::unexpected(std::move(database.error()));
    const Result<std::int64_t> tables = database->number("SELECT count(*) FROM sqlite_schema");
    if (!tables)
        return std::unexpected(tables.error());
    if (*tables == 0) {
        for (const char* sql :
             {kMake, "BEGIN", schema::kTables, schema::kEnded, schema::kUnfinished, "COMMIT"}) {
            if (Result<void> made = database->execute(sql); !made)
                return std::unexpected(std::move(made.error()));
        }
    }
    if (Result<void> set = database->execute(kSetUp); !set)
        return std::unexpected(std::move(set.error()));
    const Result<std::int64_t> version = database->number("PRAGMA user_version");
    if (!version)
        return std::unexpected(version.error());
    if (*version != schema::kVersion)
        return fail(ErrorCode::Conflict, "The log of requests is of another version.");
    for (const char* sql : {schema::kEnded, schema::kUnfinished}) {
        if (Result<void> made = database->execute(sql); !made)
            return std::unexpected(std::move(made.error()));
    }
    const Result<std::int64_t> pageSize = database->number("PRAGMA page_size");
    if (!pageSize)
        return std::unexpected(pageSize.error());
    const Result<std::int64_t> lastId =
        database->number("SELECT max(coalesce((SELECT max(id) FROM entry), 0), "
                         "coalesce((SELECT max(cursor) FROM ended), 0))");
    if (!lastId)
        return std::unexpected(lastId.error());

    EntryWriter writer(std::move(*database));
    writer.m_lastId = *lastId;
    writer.m_maxPages =
        std::max<std::int64_t>(maxBytes / std::max<std::int64_t>(*pageSize, 512), 64);
    if (Result<void> prepared = writer.prepareAll(); !prepared)
        return std::unexpected(std::move(prepared.error()));
    if (Result<void> closed = writer.closeUnfinished(); !closed)
        return std::unexpected(std::move(closed.error()));
    return writer;
}

Result<void> EntryWriter::prepareAll()
{
    const std::pair<Statement*, const char*> statements[] = {
        {&m_begin, "BEGIN IMMEDIATE"},
        {&m_commit, "COMMIT"},
        {&m_addEntry,
         "INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
         "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)"},
        {&m_replaceEntry,
         "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
         "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)"},
        {&m_soughtOf, "SELECT verdict, (SELECT text FROM word WHERE id = rule), "
                      "(SELECT text FROM word WHERE id = why) FROM entry WHERE id = ?1"},
        {&m_addEnded, "INSERT OR REPLACE INTO ended VALUES (?1, ?2)"},
        {&m_addUnfinished, "INSERT OR REPLACE INTO unfinished VALUES (?1)"},
        {&m_endUnfinished, "DELETE FROM unfinished WHERE entry = ?1"},
        {&m_dropUnfinished, "DELETE FROM unfinished WHERE entry < ?1"},
        {&m_addWord, "INSERT INTO word VALUES (?1, ?2)"},
        {&m_addProcess, "INSERT INTO process VALUES (?1, ?2, ?3, ?4, ?5)"},
        {&m_pages, "PRAGMA page_count"},
        {&m_freePages, "PRAGMA freelist_count"},
        {&m_firstEntry, "SELECT min(id) FROM entry"},
        {&m_dropEntries, "DELETE FROM entry WHERE id < ?1"},
        {&m_addEpoch, "INSERT INTO epoch VALUES (?1)"},
        {&m_epochOf, "SELECT max(first_entry) FROM epoch WHERE first_entry <= ?1"},
        {&m_dropEpochs, "DELETE FROM epoch WHERE first_entry < ?1"},
        {&m_dropEnded, "DELETE FROM ended WHERE cursor < ?1"},
        {&m_dropWords, "DELETE FROM word WHERE id < ?1"},
        {&m_dropProcesses, "DELETE FROM process WHERE id < ?1"},
    };
    for (const auto& [statement, sql] : statements) {
        Result<Statement> prepared = m_database.prepare(sql);
        if (!prepared)
            return std::unexpected(std::move(prepared.error()));
        *statement = std::move(*prepared);
    }
    return {};
}

Result<void> EntryWriter::closeUnfinished()
{
    const Result<std::int64_t> count = m_database.number("SELECT count(*) FROM unfinished");
    if (!count)
        return std::unexpected(count.error());
    if (*count == 0)
        return {};
    const std::string number =
        std::to_string(m_lastId * schema::kNumbersPerRow + schema::kLostNumber);
    const std::string word =
        std::format("INSERT OR REPLACE INTO word VALUES ({}, '{}')", number, kLostFlag);
    const std::string rows = std::format(
        "UPDATE entry SET flag = {} WHERE id IN (SELECT entry FROM unfinished)", number);
    // Whoever followed the log gets each once more, as one that ended.
    const std::string news =
        std::format("INSERT INTO ended SELECT {} + row_number() OVER (ORDER BY entry), entry "
                    "FROM unfinished",
                    m_lastId);
    for (const char* sql : {"BEGIN IMMEDIATE", word.c_str(), rows.c_str(), news.c_str(),
                            "DELETE FROM unfinished", "COMMIT"}) {
        if (Result<void> done = m_database.execute(sql); !done)
            return done;
    }
    m_lastId += *count;
    return {};
}

Result<void> EntryWriter::beginEpoch(std::int64_t firstEntry)
{
    endEpoch();
    m_epochEnd = firstEntry + schema::kEpochRows;
    return m_addEpoch.bind(1, firstEntry).run();
}

void EntryWriter::endEpoch()
{
    m_words.clear();
    m_processes.clear();
    m_lastProcess = {};
    m_epochBytes = 0;
    m_epochEnd = 0;
}

Result<std::int64_t> EntryWriter::word(std::string_view text)
{
    if (text.empty())
        return 0;
    if (const auto known = m_words.find(text); known != m_words.end())
        return known->second;
    m_words.emplace(text, m_nextNumber);
    const Result<void> added = m_addWord.bind(1, m_nextNumber).bind(2, text).run();
    if (!added)
        return std::unexpected(added.error());
    m_epochBytes += text.size();
    return m_nextNumber++;
}

Result<std::int64_t> EntryWriter::process(const api::EgressProcess& process)
{
    if (process == m_lastProcess.first)
        return m_lastProcess.second;
    if (process == api::EgressProcess{})
        return 0;
    std::string key = std::to_string(process.pid);
    for (const std::string_view part :
         {std::string_view(process.exe), std::string_view(process.cmdline)}) {
        key += '\0';
        key += part;
    }
    for (const api::ProcessInfo& parent : process.parents) {
        key += '\0' + std::to_string(parent.pid) + '\0';
        key += parent.exe;
        key += '\0';
        key += parent.cmdline;
    }
    if (const auto known = m_processes.find(key); known != m_processes.end()) {
        m_lastProcess = {process, known->second};
        return known->second;
    }
    m_processes.emplace(std::move(key), m_nextNumber);
    m_lastProcess = {process, m_nextNumber};
    const std::string parents = parentsText(process.parents);
    m_epochBytes += process.exe.size() + process.cmdline.size() + parents.size();
    const Result<void> added = m_addProcess.bind(1, m_nextNumber)
                                   .bind(2, process.pid)
                                   .bind(3, process.exe)
                                   .bind(4, process.cmdline)
                                   .bind(5, parents)
                                   .run();
    if (!added)
        return std::unexpected(added.error());
    return m_nextNumber++;
}

Result<void> EntryWriter::insert(const api::EgressEntry& entry)
{
    if (entry.id >= m_epochEnd || m_epochBytes > schema::kEpochBytes) {
        if (Result<void> begun = beginEpoch(entry.id); !begun)
            return begun;
    }
    m_nextNumber = std::max(m_nextNumber, entry.id * schema::kNumbersPerRow);
    if (Result<void> added = put(m_addEntry, entry); !added || entry.flag != kOpenFlag)
        return added;
    return m_addUnfinished.bind(1, entry.id).run();
}

/// Its words are of the epoch at work, which is not before its own; it begins none, since rows with
/// greater ids may be written already.
Result<void> EntryWriter::end(const EndedEntry& ended)
{
    const Result<bool> isAsBefore = isFoundAsBefore(ended.entry);
    if (!isAsBefore)
        return std::unexpected(isAsBefore.error());
    if (!*isAsBefore)
        ++m_drops;
    m_nextNumber = std::max(m_nextNumber, ended.cursor * schema::kNumbersPerRow);
    if (Result<void> replaced = put(m_replaceEntry, ended.entry); !replaced)
        return replaced;
    if (Result<void> closed = m_endUnfinished.bind(1, ended.entry.id).run(); !closed)
        return closed;
    return m_addEnded.bind(1, ended.cursor).bind(2, ended.entry.id).run();
}

/// Whether the same filters find the row as it was and as it will be.
Result<bool> EntryWriter::isFoundAsBefore(const api::EgressEntry& entry)
{
    const Result<bool> row = m_soughtOf.bind(1, entry.id).step();
    if (!row)
        return std::unexpected(row.error());
    const bool isSame = *row && m_soughtOf.number(0) == verdictNumber(entry.verdict) &&
                        m_soughtOf.text(1) == entry.rule && m_soughtOf.text(2) == entry.why;
    m_soughtOf.reset();
    return isSame;
}

Result<void> EntryWriter::put(Statement& statement, const api::EgressEntry& entry)
{
    statement.bind(1, entry.id).bind(2, verdictNumber(entry.verdict));
    const std::pair<int, const std::string*> words[] = {
        {3, &entry.host},  {4, &entry.method},    {5, &entry.rule},     {6, &entry.terminal},
        {7, &entry.why},   {12, &entry.scheme},   {19, &entry.exec},    {20, &entry.secret},
        {21, &entry.flag}, {22, &entry.protocol}, {23, &entry.address}, {24, &entry.contentType},
    };
    for (const auto& [place, text] : words) {
        const Result<std::int64_t> number = word(*text);
        if (!number)
            return std::unexpected(number.error());
        statement.bind(place, *number);
    }
    const Result<std::int64_t> who = process(entry.process);
    if (!who)
        return std::unexpected(who.error());
    return statement.bind(8, *who)
        .bind(9, entry.path)
        .bind(10, entry.query)
        .bind(11, entry.time)
        .bind(13, entry.port)
        .bind(14, entry.status)
        .bind(15, entry.bytesOut)
        .bind(16, entry.bytesIn)
        .bind(17, entry.ms)
        .bind(18, entry.generation)
        .run();
}

Result<void> EntryWriter::dropOldest()
{
    const auto first = [](Statement& statement) -> Result<std::int64_t> {
        const Result<bool> row = statement.step();
        if (!row)
            return std::unexpected(row.error());
        const std::int64_t number = *row ? statement.number(0) : 0;
        statement.reset();
        return number;
    };
    for (;;) {
        const Result<std::int64_t> pages = first(m_pages);
        const Result<std::int64_t> freePages = first(m_freePages);
        if (!pages || !freePages)
            return std::unexpected(pages ? freePages.error() : pages.error());
        if (*pages - *freePages <= m_maxPages)
            return {};
        const Result<std::int64_t> oldest = first(m_firstEntry);
        if (!oldest)
            return std::unexpected(oldest.error());
        if (*oldest == 0 || *oldest >= m_lastId)
            return {};
        // Of few large rows as many as of a share of the room, so that no more go than have to.
        const std::int64_t end = std::min(
            *oldest + std::clamp<std::int64_t>((m_lastId - *oldest) / 64, 1, kDropped), m_lastId);
        const Result<std::int64_t> epoch = first(m_epochOf.bind(1, end));
        if (!epoch)
            return std::unexpected(epoch.error());
        const std::int64_t words = *epoch * schema::kNumbersPerRow;
        ++m_drops;
        for (const auto& [statement, before] :
             {std::pair(&m_dropEntries, end), std::pair(&m_dropEnded, end),
              std::pair(&m_dropUnfinished, end), std::pair(&m_dropEpochs, *epoch),
              std::pair(&m_dropWords, words), std::pair(&m_dropProcesses, words)}) {
            if (Result<void> dropped = statement->bind(1, before).run(); !dropped)
                return dropped;
        }
    }
}

Result<void> EntryWriter::write(std::span<const api::EgressEntry> entries,
                                std::span<const EndedEntry> ended)
{
    if (entries.empty() && ended.empty())
        return {};
    const std::int64_t lastBefore = m_lastId;
    const auto steps = [&]() -> Result<void> {
        if (Result<void> begun = m_begin.run(); !begun)
            return begun;
        for (const api::EgressEntry& entry : entries) {
            if (Result<void> inserted = insert(entry); !inserted)
                return inserted;
        }
        for (const EndedEntry& one : ended) {
            if (Result<void> replaced = end(one); !replaced)
                return replaced;
        }
        if (!entries.empty())
            m_lastId = std::max(m_lastId, entries.back().id);
        if (!ended.empty())
            m_lastId = std::max(m_lastId, ended.back().cursor);
        if (Result<void> dropped = dropOldest(); !dropped)
            return dropped;
        return m_commit.run();
    };
    Result<void> written = steps();
    if (!written) {
        m_lastId = lastBefore;
        m_addEntry.reset();
        m_replaceEntry.reset();
        m_soughtOf.reset();
        // Its words are not there either.
        endEpoch();
        // Fails where SQLite has rolled back already, as for a full disk.
        if (Result<void> undone = m_database.execute("ROLLBACK"); !undone)
            logDebug("Rolled back before: {}", undone.error().message);
    }
    return written;
}

} // namespace caisson::keeper
