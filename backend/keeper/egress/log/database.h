// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace caisson::keeper {

/// One prepared statement of SQLite. Placeholders and columns count from where SQLite's do: the first
/// ?1 is 1, the first column 0. Of one thread.
class Statement
{
public:
    Statement& bind(int place, std::int64_t value);
    Statement& bind(int place, double value);
    /// The text is borrowed until reset().
    Statement& bind(int place, std::string_view text);

    /// True: there is a row. False: it is done, and reset.
    Result<bool> step();
    /// For what returns no rows.
    Result<void> run();
    void reset();

    std::int64_t number(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;

private:
    friend class Database;
    struct Close
    {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Close> m_statement;
    int m_bindFault = 0;
};

/// One connection to an SQLite file. Of one thread.
class Database
{
public:
    /// Not for writing: the file has to be there.
    enum class Access { Read, Write };
    static Result<Database> open(const std::string& path, Access access);

    Result<void> execute(const char* sql);
    Result<Statement> prepare(std::string_view sql);
    /// Makes `match` a function of two texts for SQL.
    using Match = bool (*)(std::string_view pattern, std::string_view text);
    Result<void> define(const char* name, Match match);
    /// The first column of the first row; 0: there is none.
    Result<std::int64_t> number(std::string_view sql);

private:
    struct Close
    {
        void operator()(sqlite3* database) const;
    };
    std::unique_ptr<sqlite3, Close> m_database;
};

} // namespace caisson::keeper
