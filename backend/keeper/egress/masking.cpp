// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/masking.h"

#include "backend/api/http.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

namespace caisson::keeper {

namespace {

/// What stands between the quotes. PHP's encoder escapes slashes, too.
std::string inJson(std::string_view value, bool escapesSlashes)
{
    std::string text =
        nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text = text.substr(1, text.size() - 2);
    for (std::size_t at = 0; escapesSlashes && (at = text.find('/', at)) != std::string::npos;
         at += 2)
        text.insert(at, 1, '\\');
    return text;
}

} // namespace

Masker::Masker(std::vector<std::string> values)
{
    for (std::string& value : values) {
        if (value.empty())
            continue;
        for (std::string variant :
             {inJson(value, false), inJson(value, true), api::percentEncode(value)}) {
            if (!std::ranges::contains(m_values, variant) && variant != value)
                m_values.push_back(std::move(variant));
        }
        m_values.push_back(std::move(value));
    }
}

Masker::~Masker()
{
    for (std::string& value : m_values)
        OPENSSL_cleanse(value.data(), value.size());
    OPENSSL_cleanse(m_text.data(), m_text.capacity());
}

/// Every place of every value, also where they overlap.
void Masker::maskIn(std::string_view text, std::string& masked) const
{
    for (const std::string& value : m_values) {
        for (std::size_t at = text.find(value); at != std::string_view::npos;
             at = text.find(value, at + 1)) {
            std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(at), value.size(), '*');
            m_hasMasked = true;
        }
    }
}

/// The length of the longest end of `text` that begins a value.
std::size_t Masker::heldBack(std::string_view text) const
{
    std::size_t held = 0;
    for (const std::string& value : m_values) {
        for (std::size_t size = std::min(value.size() - 1, text.size()); size > held; --size) {
            if (text.ends_with(std::string_view(value).substr(0, size))) {
                held = size;
                break;
            }
        }
    }
    return held;
}

std::string_view Masker::feed(std::span<const char> bytes)
{
    m_text.erase(0, m_given);
    m_masked.erase(0, m_given);
    m_text.append(bytes.data(), bytes.size());
    m_masked.append(bytes.data(), bytes.size());
    maskIn(m_text, m_masked);
    m_given = m_text.size() - heldBack(m_text);
    return std::string_view(m_masked).substr(0, m_given);
}

std::string_view Masker::finish()
{
    m_text.clear();
    m_masked.erase(0, m_given);
    m_given = m_masked.size();
    return m_masked;
}

std::string Masker::mask(std::string_view text) const
{
    std::string masked(text);
    maskIn(text, masked);
    return masked;
}

} // namespace caisson::keeper
