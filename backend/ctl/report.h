// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/clock.h"
#include "backend/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What people and programs get to read.
namespace caisson::ctl {

/// Writes to standard output. When its reader has gone, SIGPIPE ends the program, as it does any
/// filter; a full disk is an error.
Result<void> print(std::string_view text);

/// print(), then the exit code of success.
Result<int> printAndFinish(std::string_view text);

/// One line on standard error, after the program's name.
void complain(std::string_view sentence);

/// Text for one line of a terminal. Names and messages come from inside sandboxes: control
/// characters (C0, DEL, C1), those that reorder a line or are not seen, and what is not UTF-8 are
/// shown as \xNN, so that none can act or deceive.
std::string printable(std::string_view text);

/// 1234567 → "1.2M"; powers of 1024.
std::string humanSize(std::int64_t bytes);

/// The time since an RFC 3339 time in one unit: "8s", "5m", "3h", "12d"; "" for no time.
std::string humanAge(std::string_view rfc3339, WallTime now);

/// "rwxr-xr-x" of permission bits.
std::string modeText(std::int64_t mode);

/// A JSON array of the elements' texts.
std::string jsonArray(const std::vector<std::string>& elements);

/// Rows of text in aligned columns, two spaces between them.
class Table
{
public:
    enum class Align { Left, Right };
    explicit Table(std::vector<std::string> titles, std::vector<Align> aligns = {});
    void addRow(std::vector<std::string> cells);
    std::string text() const;

private:
    std::vector<Align> m_aligns;
    std::vector<std::vector<std::string>> m_rows; ///< the titles first
};

/// The exit code of a command that ended inside.
int exitCodeOf(const api::ExitStatus& status);

/// The exit code of a failure: 126 and 127 for commands that could not be executed, else 125.
int exitCodeOf(const Error& error);

/// A sentence and what follows from it, with one mark between them, whether the first ended in one or
/// not.
std::string joined(std::string sentence, std::string_view more);
/// A failure as one sentence, with what to do about it where this program knows.
std::string sentenceOf(const Error& error);

} // namespace caisson::ctl
