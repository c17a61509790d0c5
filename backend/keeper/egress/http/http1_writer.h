// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <string>

namespace caisson::keeper::http {

/// Writes one message after another on an HTTP/1 connection. What is little (a head, the body's first
/// bytes, its end) is kept back until flush(), finish() or enough has come together, so that all of
/// it travels in one packet.
class Http1Writer
{
public:
    explicit Http1Writer(Stream& stream);

    enum class Framing { None, Length, Chunked, Connection };
    /// `head`: the lines with their ends, the empty one included.
    void beginMessage(std::string_view head, Framing framing, std::uint64_t length = 0);
    /// Protocol when there are more bytes than the length said.
    api::Task<Result<void>> write(std::span<const char> bytes);
    /// Protocol when there were fewer.
    api::Task<Result<void>> finish(const Fields& trailers);
    api::Task<Result<void>> flush();

private:
    Stream& m_stream;
    Framing m_framing = Framing::None;
    std::uint64_t m_left = 0; ///< Length: bytes still to come
    std::string m_pending;
};

void appendField(std::string& text, std::string_view name, std::string_view value);

} // namespace caisson::keeper::http
