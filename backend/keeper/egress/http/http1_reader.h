// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include <memory>
#include <optional>
#include <string>

namespace caisson::keeper::http {

/// The head of an HTTP/1 message as it stands there. Field names are in lower case.
struct Http1Head
{
    int minor = 1; ///< HTTP/1.0 or 1.1
    std::string method;
    std::string target;
    int status = 0;
    Fields fields; ///< all, also those of one hop
    std::optional<std::uint64_t> length;
    bool isChunked = false;
    bool hasBody = false;
    bool keepsAlive = false;         ///< as the message says
    bool endsWithConnection = false; ///< an answer whose body is as long as the connection
    std::string upgrade;             ///< lower case; a request's wish or the 101's choice
};

/// Cuts one direction of an HTTP/1 connection into messages (RFC 9112). llhttp parses, strictly,
/// and the head as a whole is looked at first. What two readers could understand differently is an
/// error: bare CR or LF, NUL, folded lines, two lengths (even the same), a length beside chunked,
/// another transfer coding, two Hosts. After an error the connection is of no use.
///
/// Errors: BadRequest what is malformed, HeadTooLarge over 64 KiB or 256 fields, Unavailable a
/// connection that ended within a message.
class Http1Reader
{
public:
    enum class Side { Requests, Responses };
    Http1Reader(Stream& stream, Side side, std::string alreadyRead = {});
    ~Http1Reader();

    /// The next head; none: the connection ended between two messages. The body before must have
    /// been read.
    api::Task<Result<std::optional<Http1Head>>> readHead();
    /// Of responses, before readHead(): the one to come answers HEAD, or a CONNECT.
    enum class Answers { Ordinary, Head, Connect };
    void expectAnswerTo(Answers what);

    /// See Body::next(), isReady() and trailers().
    api::Task<Result<std::span<const char>>> nextBody();
    bool isReady() const;
    const Fields& trailers() const;
    bool isBodyRead() const; ///< to its end

    /// Whether any byte of a message has come since the last one ended.
    bool hasBytes() const;

    /// Reads on into the buffer until the connection ends, so that whoever holds a request learns
    /// of it; returns then, or when no more fits.
    api::Task<void> readAhead();
    bool hasFailed() const; ///< the connection broke meanwhile

    /// What was read beyond the last message.
    std::string takeRest();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper::http
