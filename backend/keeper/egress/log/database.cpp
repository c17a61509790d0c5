// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/database.h"

#include <sqlite3.h>

namespace caisson::keeper {

namespace {

std::unexpected<Error> failSqlite(sqlite3* database, int outcome)
{
    const char* reason = database ? sqlite3_errmsg(database) : sqlite3_errstr(outcome);
    const ErrorCode code =
        (outcome & 0xff) == SQLITE_FULL ? ErrorCode::NoSpace : ErrorCode::Internal;
    return fail(code, std::string("The log of requests: ") + reason + ".");
}

std::string_view textOf(sqlite3_value* value)
{
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(value)))
                : std::string_view();
}

} // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const
{
    // What it returns is the outcome of the last step, which was looked at then.
    sqlite3_finalize(statement);
}

Statement& Statement::bind(int place, std::int64_t value)
{
    m_bindFault |= sqlite3_bind_int64(m_statement.get(), place, value);
    return *this;
}

Statement& Statement::bind(int place, double value)
{
    m_bindFault |= sqlite3_bind_double(m_statement.get(), place, value);
    return *this;
}

Statement& Statement::bind(int place, std::string_view text)
{
    // A null pointer would be NULL, not the empty text.
    const char* data = text.empty() ? "" : text.data();
    m_bindFault |= sqlite3_bind_text64(m_statement.get(), place, data, text.size(), SQLITE_STATIC,
                                       SQLITE_UTF8);
    return *this;
}

Result<bool> Statement::step()
{
    if (m_bindFault != SQLITE_OK)
        return fail(ErrorCode::Internal, "The log of requests: a value did not fit its statement.");
    const int outcome = sqlite3_step(m_statement.get());
    if (outcome == SQLITE_ROW)
        return true;
    if (outcome == SQLITE_DONE) {
        reset();
        return false;
    }
    auto failure = failSqlite(sqlite3_db_handle(m_statement.get()), outcome);
    reset();
    return failure;
}

Result<void> Statement::run()
{
    for (;;) {
        const Result<bool> more = step();
        if (!more)
            return std::unexpected(more.error());
        if (!*more)
            return {};
    }
}

void Statement::reset()
{
    sqlite3_reset(m_statement.get());
    m_bindFault = SQLITE_OK;
}

std::int64_t Statement::number(int column) const
{
    return sqlite3_column_int64(m_statement.get(), column);
}

double Statement::real(int column) const
{
    return sqlite3_column_double(m_statement.get(), column);
}

std::string_view Statement::text(int column) const
{
    const auto* data =
        reinterpret_cast<const char*>(sqlite3_column_text(m_statement.get(), column));
    const int size = sqlite3_column_bytes(m_statement.get(), column);
    return data ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

void Database::Close::operator()(sqlite3* database) const
{
    // The statements go before it; were one left, this would wait for it and not fail.
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::string& path, Access access)
{
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (access == Access::Read ? SQLITE_OPEN_READONLY
                                              : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const int outcome = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    Database database;
    database.m_database.reset(raw);
    if (outcome != SQLITE_OK)
        return failSqlite(raw, outcome);
    // Reader and writer meet only at a checkpoint, for a moment.
    sqlite3_busy_timeout(raw, 5000);
    return database;
}

Result<void> Database::execute(const char* sql)
{
    const int outcome = sqlite3_exec(m_database.get(), sql, nullptr, nullptr, nullptr);
    if (outcome != SQLITE_OK)
        return failSqlite(m_database.get(), outcome);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* raw = nullptr;
    const int outcome =
        sqlite3_prepare_v3(m_database.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    Statement statement;
    statement.m_statement.reset(raw);
    if (outcome != SQLITE_OK)
        return failSqlite(m_database.get(), outcome);
    return statement;
}

Result<void> Database::define(const char* name, Match match)
{
    const auto call = [](sqlite3_context* context, int, sqlite3_value** values) {
        const auto matches = reinterpret_cast<Match>(sqlite3_user_data(context));
        sqlite3_result_int(context, matches(textOf(values[0]), textOf(values[1])) ? 1 : 0);
    };
    const int outcome = sqlite3_create_function_v2(
        m_database.get(), name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
        reinterpret_cast<void*>(match), call, nullptr, nullptr, nullptr);
    if (outcome != SQLITE_OK)
        return failSqlite(m_database.get(), outcome);
    return {};
}

Result<std::int64_t> Database::number(std::string_view sql)
{
    Result<Statement> statement = prepare(sql);
    if (!statement)
        return std::unexpected(std::move(statement.error()));
    const Result<bool> row = statement->step();
    if (!row)
        return std::unexpected(row.error());
    return *row ? statement->number(0) : 0;
}

} // namespace caisson::keeper
