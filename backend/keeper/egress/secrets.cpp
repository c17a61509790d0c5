// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/secrets.h"

#include "backend/api/codec.h"
#include "backend/keeper/egress/http/fields.h"

#include <algorithm>
#include <openssl/crypto.h>

namespace caisson::keeper {

namespace {

constexpr std::string_view kOpening = "${secret:";
/// Longer than any name that a secret may have.
constexpr std::size_t kMaxName = 128;

void wipe(std::string& text)
{
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

struct Expanded
{
    std::string text;
    std::vector<std::string> values;
};

Result<Expanded> expand(std::string_view pattern, const std::map<std::string, std::string>& known)
{
    Expanded expanded;
    while (!pattern.empty()) {
        const std::size_t at = pattern.find(kOpening);
        expanded.text += pattern.substr(0, at);
        if (at == std::string_view::npos)
            break;
        pattern.remove_prefix(at + kOpening.size());
        const std::size_t end = pattern.find('}');
        const std::string name(pattern.substr(0, end));
        const auto value = known.find(name);
        if (end == std::string_view::npos || value == known.end())
            return fail(ErrorCode::NotFound,
                        "the rule puts in the secret \"" + name +
                            "\", whose value is not known; set it with `caissonctl secret set " +
                            name + "`",
                        {{"secret", name}});
        expanded.text += value->second;
        expanded.values.push_back(value->second);
        pattern.remove_prefix(end + 1);
    }
    return expanded;
}

} // namespace

Secrets::~Secrets()
{
    replace({});
}

void Secrets::replace(std::map<std::string, std::string> values)
{
    m_values.swap(values);
    for (auto& [name, value] : values)
        wipe(value);
}

Result<Secrets::Injected> Secrets::inject(const policy::Injection& injection) const
{
    Injected injected;
    for (const std::string& name : injection.secrets())
        injected.secret += (injected.secret.empty() ? "" : ",") + name;
    if (!injection.header.empty()) {
        Result<Expanded> value = expand(injection.value, m_values);
        if (!value)
            return std::unexpected(value.error());
        // A value that was stored with its line's end, or worse: as a field it would be two.
        if (!http::isFieldValue(value->text)) {
            wipe(value->text);
            return fail(ErrorCode::BadRequest,
                        "the value of the secret \"" + injected.secret +
                            "\" holds a line's end or another control character, and cannot stand "
                            "in a header; set it anew",
                        {{"secret", injected.secret}});
        }
        injected.name = http::toLowerCase(injection.header);
        injected.value = std::move(value->text);
        injected.values = std::move(value->values);
        return injected;
    }
    Result<Expanded> user = expand(injection.user, m_values);
    if (!user)
        return std::unexpected(user.error());
    Result<Expanded> password = expand(injection.password, m_values);
    if (!password)
        return std::unexpected(password.error());
    std::string pair = user->text + ":" + password->text;
    const std::string encoded = api::toBase64(pair);
    wipe(pair);
    injected.name = "authorization";
    injected.value = "Basic " + encoded;
    injected.values = std::move(password->values);
    injected.values.insert(injected.values.end(), user->values.begin(), user->values.end());
    injected.values.push_back(encoded);
    return injected;
}

void putIn(const Secrets::Injected& injected, http::Fields& fields)
{
    http::removeField(fields, injected.name);
    fields.emplace_back(injected.name, injected.value);
}

namespace {

int hexDigit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/// Reads a text as whoever undoes escapes does: %24, of JSON \u0024, and these escaped once more
/// (%2524). What is no escape is itself.
class LenientText
{
public:
    explicit LenientText(std::string_view text)
        : m_left(text)
    {
    }
    bool isAtEnd() const { return m_left.empty(); }
    char next()
    {
        if (const auto escaped = takeEscape(m_left.front() == '%' ? 1 : 4)) {
            char c = *escaped;
            while (c == '%' && m_left.size() >= 2 && hexDigit(m_left[0]) >= 0 &&
                   hexDigit(m_left[1]) >= 0)
                c = takeDigits();
            return c;
        }
        const char c = m_left.front();
        m_left.remove_prefix(1);
        return c;
    }

private:
    std::optional<char> takeEscape(std::size_t skipped)
    {
        if (!m_left.starts_with('%') && !m_left.starts_with("\\u00"))
            return std::nullopt;
        if (m_left.size() < skipped + 2 || hexDigit(m_left[skipped]) < 0 ||
            hexDigit(m_left[skipped + 1]) < 0)
            return std::nullopt;
        m_left.remove_prefix(skipped);
        return takeDigits();
    }
    char takeDigits()
    {
        const int value = hexDigit(m_left[0]) * 16 + hexDigit(m_left[1]);
        m_left.remove_prefix(2);
        return static_cast<char>(value);
    }

    std::string_view m_left;
};

/// The name, if a placeholder stands at the text's beginning.
std::optional<std::string> placeholderAt(std::string_view text)
{
    LenientText rest(text);
    for (const char expected : kOpening) {
        if (rest.isAtEnd() || rest.next() != expected)
            return std::nullopt;
    }
    std::string name;
    while (!rest.isAtEnd() && name.size() <= kMaxName) {
        const char c = rest.next();
        if (c == '}')
            return name;
        name += c;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> placeholderIn(std::string_view text)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c != '$' && c != '%' && c != '\\')
            continue;
        if (auto found = placeholderAt(text.substr(at)))
            return found;
    }
    return std::nullopt;
}

std::optional<std::string> placeholderIn(std::string_view target, const http::Fields& fields)
{
    if (auto found = placeholderIn(target))
        return found;
    for (const auto& [name, value] : fields) {
        if (auto found = placeholderIn(value))
            return found;
        constexpr std::string_view kBasic = "basic ";
        if (value.size() <= kBasic.size() ||
            !http::equalsIgnoringCase(std::string_view(value).substr(0, kBasic.size()), kBasic))
            continue;
        // As leniently as servers read it: more spaces, no padding.
        std::string pair = value.substr(kBasic.size());
        std::erase_if(pair, [](char c) { return c == ' ' || c == '\t' || c == '='; });
        pair.append((4 - pair.size() % 4) % 4, '=');
        if (const auto decoded = api::fromBase64(pair)) {
            if (auto found = placeholderIn(*decoded))
                return found;
        }
    }
    return std::nullopt;
}

std::optional<std::string> PlaceholderScan::feed(std::span<const char> bytes)
{
    // Each byte of a placeholder may be escaped, in at most eight.
    constexpr std::size_t kLongest = 8 * (kOpening.size() + kMaxName + 1);
    const std::string_view text(bytes.data(), bytes.size());
    if (!m_tail.empty()) {
        m_tail += text.substr(0, kLongest);
        if (auto found = placeholderIn(m_tail))
            return found;
    }
    if (auto found = placeholderIn(text))
        return found;
    if (text.size() >= kLongest)
        m_tail = text.substr(text.size() - kLongest);
    else if (m_tail.empty())
        m_tail = text;
    else if (m_tail.size() > kLongest)
        m_tail.erase(0, m_tail.size() - kLongest);
    // Only what may begin one is kept, so that most bodies pass without being looked at twice.
    m_tail.erase(0, std::min(m_tail.find_first_of("$%\\"), m_tail.size()));
    return std::nullopt;
}

} // namespace caisson::keeper
