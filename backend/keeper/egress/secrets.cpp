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

std::optional<std::string> placeholderIn(std::string_view text)
{
    if (const std::size_t at = text.find(kOpening); at != std::string_view::npos) {
        const std::string_view rest = text.substr(at + kOpening.size());
        const std::size_t end = rest.find('}');
        if (end != std::string_view::npos && end <= kMaxName)
            return std::string(rest.substr(0, end));
    }
    if (text.contains('%')) {
        // Decoded leniently: a broken escape elsewhere must not hide one.
        std::string decoded;
        const auto digit = [](char c) {
            return c >= '0' && c <= '9'   ? c - '0'
                   : c >= 'a' && c <= 'f' ? c - 'a' + 10
                   : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                          : -1;
        };
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '%' && at + 2 < text.size() && digit(text[at + 1]) >= 0 &&
                digit(text[at + 2]) >= 0) {
                decoded += static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2]));
                at += 2;
            } else {
                decoded += text[at];
            }
        }
        if (!decoded.contains('%') || decoded.size() < text.size())
            return placeholderIn(decoded);
    }
    return std::nullopt;
}

std::optional<std::string> placeholderIn(std::string_view target, const http::Fields& fields)
{
    if (auto found = placeholderIn(target))
        return found;
    for (const auto& [name, value] : fields) {
        if (value.contains('$') || value.contains('%')) {
            if (auto found = placeholderIn(value))
                return found;
        }
        constexpr std::string_view kBasic = "basic ";
        if (value.size() > kBasic.size() &&
            http::equalsIgnoringCase(std::string_view(value).substr(0, kBasic.size()), kBasic)) {
            if (const auto pair = api::fromBase64(std::string_view(value).substr(kBasic.size()))) {
                if (auto found = placeholderIn(*pair))
                    return found;
            }
        }
    }
    return std::nullopt;
}

std::optional<std::string> PlaceholderScan::feed(std::span<const char> bytes)
{
    // Nearly all bodies hold no '$' at all.
    const std::string_view text(bytes.data(), bytes.size());
    if (m_tail.empty() && !text.contains('$') && !text.contains("%24%7"))
        return std::nullopt;
    m_tail.append(bytes.data(), bytes.size());
    if (auto found = placeholderIn(m_tail))
        return found;
    const std::size_t last = m_tail.rfind('$');
    if (last == std::string::npos || m_tail.size() - last > kOpening.size() + kMaxName)
        m_tail.clear();
    else
        m_tail.erase(0, last);
    return std::nullopt;
}

} // namespace caisson::keeper
