// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// How the rows lie in the file. Most of a row are words that nearly all rows share (the host, the
/// rule, the process); each is written once an epoch, and a row holds its number. So a million rows take
/// some 150 MB, and a search looks at few texts. A row needs no word from before its epoch, so old
/// words go with old rows.
namespace caisson::keeper::schema {

/// Another version's file is put aside.
inline constexpr std::int64_t kVersion = 1;

/// An epoch ends after so many rows, or so many bytes of words.
inline constexpr std::int64_t kEpochRows = 32 * 1024;
inline constexpr std::size_t kEpochBytes = 1024 * 1024;

/// Words and processes are numbered from the id of the row that first used them times this. A row has
/// 12 words and a process, so its last number is free: kLostNumber.
inline constexpr std::int64_t kNumbersPerRow = 16;
inline constexpr std::int64_t kLostNumber = kNumbersPerRow - 1;

/// Rows that were written while they were open, and are over. The cursor is a number of the same count
/// as the rows' ids: whoever follows the log gets such a row once more there. (A table by itself, as
/// files of this version were written without it.)
inline constexpr const char* kEnded = R"sql(
    CREATE TABLE IF NOT EXISTS ended (cursor INTEGER PRIMARY KEY, entry INTEGER NOT NULL UNIQUE);
)sql";

/// Rows that are open. Those that are when the file is opened have lost their keeper.
inline constexpr const char* kUnfinished = R"sql(
    CREATE TABLE IF NOT EXISTS unfinished (entry INTEGER PRIMARY KEY);
)sql";

inline constexpr std::array<std::string_view, 3> kVerdicts{"allow", "deny", "tunnel"};

// What is filtered by stands first: SQLite reads a row only as far as it has to.
inline constexpr const char* kTables = R"sql(
    CREATE TABLE epoch (first_entry INTEGER PRIMARY KEY);
    CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE TABLE process (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, exe TEXT NOT NULL,
                          cmdline TEXT NOT NULL, parents TEXT NOT NULL);
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY, verdict INTEGER NOT NULL, host INTEGER NOT NULL,
        method INTEGER NOT NULL, rule INTEGER NOT NULL, terminal INTEGER NOT NULL,
        why INTEGER NOT NULL, process INTEGER NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,
        time TEXT NOT NULL, scheme INTEGER NOT NULL, port INTEGER NOT NULL,
        status INTEGER NOT NULL, bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
        ms REAL NOT NULL, generation INTEGER NOT NULL, exec INTEGER NOT NULL,
        secret INTEGER NOT NULL, flag INTEGER NOT NULL, protocol INTEGER NOT NULL,
        address INTEGER NOT NULL, content_type INTEGER NOT NULL);
    CREATE INDEX entry_host ON entry (host);
    CREATE INDEX entry_refused ON entry (verdict) WHERE verdict <> 0;
    PRAGMA user_version = 1;
)sql";

} // namespace caisson::keeper::schema
