// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/http/reference_http1.h"

#include <algorithm>
#include <cctype>

namespace caisson::keeper::http::testing {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kEnd = "\r\n";

bool isTokenText(std::string_view text)
{
    if (text.empty())
        return false;
    for (const char c : text) {
        const bool isAlphanumeric = std::isalnum(static_cast<unsigned char>(c)) != 0 && c > 0;
        if (!isAlphanumeric &&
            std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos)
            return false;
    }
    return true;
}

bool isVisible(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
}

std::optional<Fields> parseFields(std::string_view text)
{
    Fields fields;
    while (!text.empty()) {
        const std::size_t end = text.find(kEnd);
        if (end == std::string_view::npos)
            return std::nullopt;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !isTokenText(line.substr(0, colon)))
            return std::nullopt;
        std::string name(line.substr(0, colon));
        for (char& c : name)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
            value.remove_prefix(1);
        while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
            value.remove_suffix(1);
        for (const char c : value) {
            if (!isVisible(c) && c != ' ' && c != '\t')
                return std::nullopt;
        }
        fields.emplace_back(std::move(name), value);
    }
    return fields;
}

std::optional<std::uint64_t> number(std::string_view text, unsigned base)
{
    std::uint64_t value = 0;
    if (text.empty())
        return std::nullopt;
    for (const char c : text) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : 99;
        if (digit >= static_cast<int>(base) ||
            value > (UINT64_MAX - static_cast<unsigned>(digit)) / base)
            return std::nullopt;
        value = value * base + static_cast<unsigned>(digit);
    }
    return value;
}

/// Where the body of chunks ends, or what keeps it from doing so.
Reference parseChunks(std::string_view text, Reference found)
{
    const std::string_view whole = text;
    for (;;) {
        const std::size_t end = text.find(kEnd);
        const std::string_view line = text.substr(0, std::min(end, text.size()));
        const std::string_view size = line.substr(0, line.find_first_of("; \t"));
        if (end == std::string_view::npos) {
            found.state = ReferenceState::Partial;
            return found;
        }
        const auto length = number(size, 16);
        if (!length || line.find_first_of(std::string_view("\0\n\r", 3)) != std::string_view::npos)
            return {};
        text.remove_prefix(end + 2);
        if (*length == 0)
            break;
        if (text.size() < *length + 2) {
            found.state = ReferenceState::Partial;
            return found;
        }
        found.message.body += text.substr(0, *length);
        if (text.substr(*length, 2) != kEnd)
            return {};
        text.remove_prefix(*length + 2);
    }
    std::size_t end = text.starts_with(kEnd) ? 0 : text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        found.state = ReferenceState::Partial;
        return found;
    }
    end += end == 0 ? 0 : 2;
    const auto trailers = parseFields(text.substr(0, end));
    if (!trailers)
        return {};
    found.message.trailers = *trailers;
    text.remove_prefix(end + 2);
    found.size += whole.size() - text.size();
    found.state = ReferenceState::Whole;
    return found;
}

} // namespace

const std::string* ReferenceMessage::field(std::string_view name) const
{
    for (const auto& [key, value] : fields) {
        if (key == name)
            return &value;
    }
    return nullptr;
}

std::string ReferenceMessage::print() const
{
    // A reason phrase means nothing.
    const bool isAnswer = first.starts_with("HTTP/1.");
    std::string text = first + " " + second + (isAnswer ? "" : " " + third) + "\n";
    for (const auto& [name, value] : fields)
        text += name + ": " + value + "\n";
    text += "[" + body + "]\n";
    for (const auto& [name, value] : trailers)
        text += name + ": " + value + "\n";
    return text;
}

Reference parseReference(std::string_view text, ReferenceKind kind, bool isAll)
{
    Reference found;
    const std::size_t headEnd = text.find("\r\n\r\n");
    if (headEnd == std::string_view::npos) {
        found.state = ReferenceState::Partial;
        return found;
    }
    const std::size_t lineEnd = text.find(kEnd);
    const std::string_view line = text.substr(0, lineEnd);
    const std::size_t one = line.find(' ');
    const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
    const bool isRequest = kind == ReferenceKind::Request;
    if (one == std::string_view::npos || (two == std::string_view::npos && isRequest))
        return {};
    ReferenceMessage& message = found.message;
    message.first = line.substr(0, one);
    message.second = line.substr(one + 1, std::min(two, line.size()) - one - 1);
    // Not quite the grammar: servers without reason phrases leave the space before them out, too.
    message.third = two == std::string_view::npos ? "" : line.substr(two + 1);
    const std::string& version = isRequest ? message.third : message.first;
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return {};
    if (isRequest) {
        if (!isTokenText(message.first) || message.second.empty() ||
            !std::ranges::all_of(message.second, isVisible))
            return {};
    } else {
        if (message.second.size() != 3 || !number(message.second, 10))
            return {};
    }
    const auto fields = parseFields(text.substr(lineEnd + 2, headEnd - lineEnd));
    if (!fields)
        return {};
    message.fields = *fields;
    found.size = headEnd + 4;

    const auto count = [&](std::string_view name) {
        return std::ranges::count(message.fields, name,
                                  [](const auto& field) { return std::string_view(field.first); });
    };
    const auto lengths = count("content-length");
    const auto codings = count("transfer-encoding");
    if (count("host") > 1 || lengths + codings > 1)
        return {};
    std::optional<std::uint64_t> length;
    if (lengths == 1 && !(length = number(*message.field("content-length"), 10)))
        return {};
    if (codings == 1) {
        std::string coding = *message.field("transfer-encoding");
        std::ranges::transform(coding, coding.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        if (coding != "chunked" || version == "HTTP/1.0")
            return {};
    }
    const int status = isRequest ? 0 : std::stoi(message.second);
    const bool isBare = kind == ReferenceKind::ResponseToHead || status / 100 == 1 ||
                        status == 204 || status == 304 || message.first == "CONNECT";
    if (!isRequest && status < 100)
        return {};
    if (isBare || (isRequest && !length && codings == 0)) {
        found.state = ReferenceState::Whole;
        return found;
    }
    const std::string_view rest = text.substr(found.size);
    if (codings == 1)
        return parseChunks(rest, std::move(found));
    if (length ? rest.size() < *length : !isAll) {
        found.state = ReferenceState::Partial;
        return found;
    }
    message.body = rest.substr(0, length.value_or(rest.size()));
    found.size += message.body.size();
    found.state = ReferenceState::Whole;
    return found;
}

} // namespace caisson::keeper::http::testing
