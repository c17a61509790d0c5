// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/keeper/egress/log/database.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace caisson::keeper {

/// A row that was written while it was open, as it is now that it is over.
struct EndedEntry
{
    std::int64_t cursor = 0; ///< see schema::kEnded
    api::EgressEntry entry;
};

/// The one writer of a log's file. Of one thread.
class EntryWriter
{
public:
    /// Makes the file, readable for its owner only, where there is none. One that is damaged or of
    /// another version is put aside as `path`.old, and said in the program's log.
    static Result<EntryWriter> open(const std::string& path, std::int64_t maxBytes);

    /// The greatest id or cursor there is; 0: no rows.
    std::int64_t lastId() const { return m_lastId; }

    /// Adds the rows, whose ids grow, in one transaction, and drops the oldest ones while the file
    /// holds more than it may. What has ended takes the place of what was written of it, if that
    /// is still there. After a failure all is as before.
    Result<void> write(std::span<const api::EgressEntry> entries,
                       std::span<const EndedEntry> ended = {});
    /// How often rows were dropped, or became what another filter finds: totals counted before
    /// another number are off.
    std::int64_t drops() const { return m_drops; }

private:
    explicit EntryWriter(Database database)
        : m_database(std::move(database))
    {
    }
    static Result<EntryWriter> openSound(const std::string& path, std::int64_t maxBytes);
    Result<void> prepareAll();
    Result<void> closeUnfinished();
    Result<void> insert(const api::EgressEntry& entry);
    Result<void> end(const EndedEntry& ended);
    Result<bool> isFoundAsBefore(const api::EgressEntry& entry);
    Result<void> put(Statement& statement, const api::EgressEntry& entry);
    Result<std::int64_t> word(std::string_view text);
    Result<std::int64_t> process(const api::EgressProcess& process);
    Result<void> dropOldest();
    Result<void> beginEpoch(std::int64_t firstEntry);
    void endEpoch();

    Database m_database;
    Statement m_begin;
    Statement m_commit;
    Statement m_addEntry;
    Statement m_replaceEntry;
    Statement m_soughtOf;
    Statement m_addEnded;
    Statement m_addUnfinished;
    Statement m_endUnfinished;
    Statement m_dropUnfinished;
    Statement m_addWord;
    Statement m_addProcess;
    Statement m_pages;
    Statement m_freePages;
    Statement m_firstEntry;
    Statement m_dropEntries;
    Statement m_addEpoch;
    Statement m_epochOf;
    Statement m_dropEpochs;
    Statement m_dropEnded;
    Statement m_dropWords;
    Statement m_dropProcesses;
    struct Hash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };
    using Numbers = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;
    Numbers m_words;
    Numbers m_processes;
    /// The last one and its number: requests of one process come in a row.
    std::pair<api::EgressProcess, std::int64_t> m_lastProcess;
    std::int64_t m_epochEnd = 0;   ///< the id from which on words are written again
    std::size_t m_epochBytes = 0;  ///< of the words of this epoch
    std::int64_t m_nextNumber = 0; ///< of a word or process
    std::int64_t m_lastId = 0;
    std::int64_t m_maxPages = 0;
    std::int64_t m_drops = 0;
};

} // namespace caisson::keeper
