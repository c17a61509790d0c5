// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/keeper/egress/log/database.h"

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace caisson::keeper {

struct LogNews;
struct LogQuery;

/// Reads a log's file beside its writer. Of one thread.
class EntryReader
{
public:
    static Result<EntryReader> open(const std::string& path);

    /// `drops`: EntryWriter::drops() at this moment.
    Result<api::EgressLog> query(const LogQuery& query, std::int64_t drops);

    Result<std::vector<LogNews>> news(const LogQuery& query);

    enum class Kind { Http, Streams };
    /// Rows behind `after`, the oldest first; fewer where they are large.
    Result<std::vector<api::EgressEntry>> following(std::int64_t after, std::int64_t limit,
                                                    Kind kind);

private:
    explicit EntryReader(Database database)
        : m_database(std::move(database))
    {
    }
    Result<std::int64_t> total(const LogQuery& query, std::int64_t drops);
    struct Rows
    {
        std::vector<api::EgressEntry> entries;
        bool isCut = false; ///< by their size: there are more
    };
    Result<Rows> rows(Statement& statement);
    Result<api::EgressEntry> entryOf(Statement& row);
    Result<std::string> word(std::int64_t number);
    Result<api::EgressProcess> process(std::int64_t number);

    /// How many rows fit a filter, up to an id: those who follow a log ask again and again.
    struct Total
    {
        std::string filter;
        std::int64_t drops = 0;
        std::int64_t upTo = 0;
        std::int64_t rows = 0;
    };

    Database m_database;
    Statement m_word;
    Statement m_process;
    std::list<Total> m_totals;                             ///< the last used first
    std::unordered_map<std::int64_t, std::string> m_words; ///< of the call at work
    std::unordered_map<std::int64_t, api::EgressProcess> m_processes;
};

} // namespace caisson::keeper
