// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/toml_shape.h"

namespace caisson::policy {

namespace {

/// Where a string that opens at `at` ends: the index behind its closing quotes, or of the end of
/// the line that it may not cross, or of the text. What is no string is left to the parser.
std::size_t endOfString(std::string_view toml, std::size_t at)
{
    const char quote = toml[at];
    const bool hasEscapes = quote == '"';
    const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
    const bool isMultiLine = toml.substr(at).starts_with(three);
    at += isMultiLine ? 3 : 1;
    while (at < toml.size()) {
        if (hasEscapes && toml[at] == '\\') {
            at += 2;
        } else if (isMultiLine) {
            if (toml.substr(at).starts_with(three)) {
                // Up to two more quotes belong to the text.
                at += 3;
                for (int more = 0; more < 2 && at < toml.size() && toml[at] == quote; ++more)
                    ++at;
                return at;
            }
            ++at;
        } else if (toml[at] == quote) {
            return at + 1;
        } else if (toml[at] == '\n') {
            return at;
        } else {
            ++at;
        }
    }
    return toml.size();
}

TextPlace placeOf(std::string_view toml, std::size_t at)
{
    TextPlace place;
    for (const char c : toml.substr(0, at)) {
        ++place.column;
        if (c == '\n')
            place = {place.line + 1, 1};
    }
    return place;
}

} // namespace

std::optional<TextPlace> keyOfTooManyParts(std::string_view toml, std::size_t limit)
{
    std::size_t parts = 1;
    for (std::size_t at = 0; at < toml.size();) {
        switch (toml[at]) {
        case '#':
            at = toml.find('\n', at);
            if (at == std::string_view::npos)
                return std::nullopt;
            break;
        case '"':
        case '\'':
            at = endOfString(toml, at);
            break;
        case '.':
            // Outside of strings and comments, it parts a key, or the digits of a number.
            if (++parts > limit)
                return placeOf(toml, at);
            ++at;
            break;
        case '\n':
        case '=':
        case ',':
        case '[':
        case '{':
            parts = 1;
            ++at;
            break;
        default:
            ++at;
        }
    }
    return std::nullopt;
}

} // namespace caisson::policy
