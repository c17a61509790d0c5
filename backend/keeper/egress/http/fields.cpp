// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/fields.h"

#include <algorithm>
#include <array>

namespace caisson::keeper::http {

namespace {

char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string_view trimmed(std::string_view text)
{
    const auto isSpace = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && isSpace(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isSpace(text.back()))
        text.remove_suffix(1);
    return text;
}

bool isOfOneHop(std::string_view name)
{
    constexpr std::array<std::string_view, 9> kNames{
        "connection",          "keep-alive", "proxy-connection",  "proxy-authenticate",
        "proxy-authorization", "trailer",    "transfer-encoding", "upgrade",
        "http2-settings"};
    return std::ranges::find(kNames, name) != kNames.end();
}

} // namespace

const std::string* findField(const Fields& fields, std::string_view name)
{
    for (const auto& [key, value] : fields) {
        if (key == name)
            return &value;
    }
    return nullptr;
}

void removeField(Fields& fields, std::string_view name)
{
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
}

bool isToken(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").contains(c);
    });
}

bool isFieldValue(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return c == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

bool equalsIgnoringCase(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, {}, lowered, lowered);
}

std::string toLowerCase(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), lowered);
    return result;
}

std::vector<std::string_view> listMembers(std::string_view value)
{
    std::vector<std::string_view> members;
    while (!value.empty()) {
        const std::size_t comma = value.find(',');
        const std::string_view member = trimmed(value.substr(0, comma));
        if (!member.empty())
            members.push_back(member);
        value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    }
    return members;
}

void removeHopFields(Fields& fields)
{
    std::vector<std::string> named;
    for (const auto& [name, value] : fields) {
        if (name != "connection")
            continue;
        for (const std::string_view member : listMembers(value))
            named.push_back(toLowerCase(member));
    }
    std::erase_if(fields, [&](const auto& field) {
        const auto& [name, value] = field;
        if (name == "te")
            return !equalsIgnoringCase(value, "trailers");
        return isOfOneHop(name) || std::ranges::find(named, name) != named.end();
    });
}

bool mayBeTrailer(std::string_view name)
{
    constexpr std::array<std::string_view, 19> kNames{"host",
                                                      "content-length",
                                                      "content-type",
                                                      "content-encoding",
                                                      "content-range",
                                                      "authorization",
                                                      "cookie",
                                                      "set-cookie",
                                                      "expect",
                                                      "range",
                                                      "max-forwards",
                                                      "cache-control",
                                                      "pragma",
                                                      "te",
                                                      "location",
                                                      "age",
                                                      "date",
                                                      "vary",
                                                      "www-authenticate"};
    return !isOfOneHop(name) && !name.starts_with("if-") && !name.starts_with("proxy-") &&
           std::ranges::find(kNames, name) == kNames.end();
}

void removeUnfitTrailers(Fields& trailers)
{
    std::erase_if(trailers, [](const auto& trailer) { return !mayBeTrailer(trailer.first); });
}

} // namespace caisson::keeper::http
