// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <nghttp2/nghttp2.h>
#include <optional>
#include <string_view>
#include <vector>

namespace caisson::keeper::http {

/// Fields as nghttp2 takes them. They refer to what they were made of.
class Http2Fields
{
public:
    Http2Fields() { m_fields.reserve(kUsual); }
    Http2Fields(const Http2Fields&) = delete;
    Http2Fields& operator=(const Http2Fields&) = delete;

    void add(std::string_view name, std::string_view value);
    /// Without what is another version's: connection and its kin, host, content-length.
    void addAll(const Fields& fields);
    void addLength(std::uint64_t length);

    const nghttp2_nv* data() const { return m_fields.data(); }
    std::size_t size() const { return m_fields.size(); }

private:
    static constexpr std::size_t kUsual = 24;
    std::vector<nghttp2_nv> m_fields;
    std::string m_length;
};

/// RFC 9110, 8.6; nghttp2 has seen that there is only one.
std::optional<std::uint64_t> parseLength(std::string_view value);

} // namespace caisson::keeper::http
