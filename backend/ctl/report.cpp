// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/report.h"

#include "backend/api/codec.h"
#include "backend/base/files.h"
#include "backend/ctl/verbs.h"

#include <algorithm>
#include <array>
#include <format>
#include <sstream>
#include <unistd.h>

namespace caisson::ctl {

namespace {

/// The length of the well-formed character that `text` begins with, 0 if there is none.
std::size_t characterLength(std::string_view text)
{
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (api::isUtf8(text.substr(0, length)))
            return length;
    }
    return 0;
}

/// Of one well-formed character.
char32_t codePointOf(std::string_view character)
{
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1)
        return first;
    char32_t point = first & (0xffU >> (character.size() + 1));
    for (const char next : character.substr(1))
        point = point << 6 | (static_cast<unsigned char>(next) & 0x3fU);
    return point;
}

bool isControl(char32_t c)
{
    // U+0080 to U+009F: terminals take them for escape sequences (ECMA-48, 5.3).
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/// What changes the direction of writing, or is not seen (Default_Ignorable_Code_Point, UAX #44).
/// Variation selectors are left, which belong to the pictures in names.
bool isDeceptive(char32_t c)
{
    return c == 0xad || c == 0x034f || c == 0x061c || c == 0x115f || c == 0x1160 ||
           (c >= 0x17b4 && c <= 0x17b5) || (c >= 0x180b && c <= 0x180f) ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || c == 0xfeff || c == 0xffa0 ||
           (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/// Columns on a terminal, nearly: one a character. Names of wide characters come out unaligned.
std::size_t columnsOf(std::string_view text)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

} // namespace

Result<void> print(std::string_view text)
{
    if (Result<void> written = writeAll(STDOUT_FILENO, text); !written)
        return fail(written.error().code,
                    "cannot write to standard output: " + written.error().message);
    return {};
}

Result<int> printAndFinish(std::string_view text)
{
    return print(text).transform([] { return kExitDone; });
}

void complain(std::string_view sentence)
{
    const std::string line = "caissonctl: " + printable(sentence) + "\n";
    // Nothing can be said about standard error being closed.
    (void)writeAll(STDERR_FILENO, line);
}

std::string printable(std::string_view text)
{
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = characterLength(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        const char32_t point = length != 0 ? codePointOf(character) : 0;
        if (length != 0 && !isControl(point) && !isDeceptive(point)) {
            shown += character;
        } else {
            for (const char byte : character)
                shown += std::format("\\x{:02x}", static_cast<unsigned char>(byte));
        }
        text.remove_prefix(character.size());
    }
    return shown;
}

std::string humanSize(std::int64_t bytes)
{
    constexpr std::array<const char*, 5> units{"K", "M", "G", "T", "P"};
    if (bytes < 1024)
        return std::to_string(bytes);
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return value < 9.95 ? std::format("{:.1f}{}", value, units[unit])
                        : std::format("{:.0f}{}", value, units[unit]);
}

std::string humanAge(std::string_view rfc3339, WallTime now)
{
    std::istringstream stream{std::string(rfc3339)};
    std::chrono::sys_time<std::chrono::milliseconds> then;
    stream >> std::chrono::parse("%FT%TZ", then);
    if (!stream)
        return {};
    const auto seconds = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::seconds>(now - then).count());
    if (seconds < 60)
        return std::format("{}s", seconds);
    if (seconds < 3600)
        return std::format("{}m", seconds / 60);
    if (seconds < 48 * 3600)
        return std::format("{}h", seconds / 3600);
    return std::format("{}d", seconds / 86400);
}

std::string modeText(std::int64_t mode)
{
    std::string text = "rwxrwxrwx";
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((mode >> (8 - i) & 1) == 0)
            text[i] = '-';
    }
    const auto special = [&](std::int64_t bit, std::size_t at, char executable, char bare) {
        if ((mode & bit) != 0)
            text[at] = text[at] == 'x' ? executable : bare;
    };
    special(04000, 2, 's', 'S');
    special(02000, 5, 's', 'S');
    special(01000, 8, 't', 'T');
    return text;
}

std::string jsonArray(const std::vector<std::string>& elements)
{
    std::string text = "[";
    for (const std::string& element : elements) {
        if (text.size() > 1)
            text += ',';
        text += element;
    }
    return text + "]";
}

Table::Table(std::vector<std::string> titles, std::vector<Align> aligns)
    : m_aligns(std::move(aligns))
{
    m_aligns.resize(titles.size(), Align::Left);
    m_rows.push_back(std::move(titles));
}

void Table::addRow(std::vector<std::string> cells)
{
    for (std::string& cell : cells)
        cell = printable(cell);
    cells.resize(m_aligns.size());
    m_rows.push_back(std::move(cells));
}

std::string Table::text() const
{
    std::vector<std::size_t> widths(m_aligns.size());
    for (const auto& row : m_rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], columnsOf(row[i]));
    }
    std::string text;
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0)
                line += "  ";
            const std::string padding(widths[i] - columnsOf(row[i]), ' ');
            line += m_aligns[i] == Align::Right ? padding + row[i] : row[i] + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

int exitCodeOf(const api::ExitStatus& status)
{
    if (status.timedOut)
        return kExitTimedOut;
    if (status.signal)
        return kExitSignalled + static_cast<int>(*status.signal);
    return static_cast<int>(status.code.value_or(kExitFailed));
}

int exitCodeOf(const Error& error)
{
    switch (error.code) {
    case ErrorCode::CommandNotFound:
        return kExitNotFound;
    case ErrorCode::CommandNotExecutable:
        return kExitNotExecutable;
    default:
        return kExitFailed;
    }
}

std::string joined(std::string sentence, std::string_view more)
{
    if (sentence.ends_with('.'))
        sentence.pop_back();
    return sentence + "; " + std::string(more);
}

std::string sentenceOf(const Error& error)
{
    if (error.code == ErrorCode::NotFound && error.detail.contains("sandbox"))
        return error.message + "; caissonctl ls lists those there are";
    if (error.code == ErrorCode::NotFound && error.detail.contains("terminal"))
        return error.message + "; caissonctl terminals NAME lists those there are";
    return error.message;
}

} // namespace caisson::ctl
