// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/codec.h"
#include "backend/api/http.h"
#include "backend/api/websocket.h"

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace caisson::api {

/// The server's side of one connection: requests one after the other, each with its answer.
/// Made from a socket and whatever was read from it before, so that it can go on in a process
/// other than the one that accepted it.
class ServerConnection
{
public:
    explicit ServerConnection(Socket socket, std::string alreadyRead = {});
    ServerConnection(ServerConnection&&) noexcept;
    ~ServerConnection();

    /// The next request's head. Unavailable when the peer has closed between requests;
    /// HeadTooLarge; BadRequest; Timeout when a head is not whole 10 s after its first byte or
    /// none has begun after 75 s. After an error, answer it and close.
    Task<Result<RequestHead>> readHead();

    /// Gives away the connection together with the bytes read so far, the current head first.
    /// Only between readHead() and the first call below.
    std::pair<Socket, std::string> release();

    /// The next bytes of the body; 0 at its end.
    Task<Result<std::size_t>> readBodySome(std::span<char> room);
    /// The whole body; TooLarge over `limit`.
    Task<Result<std::string>> readBody(std::size_t limit = kMaxJsonBody);

    Task<Result<void>> respond(Response response);
    Task<Result<void>> respondError(Error error);

    /// An answer in pieces, chunked unless `length` is known.
    Task<Result<void>> startBody(int status, std::string contentType, Headers headers = {},
                                 std::optional<std::uint64_t> length = {});
    Task<Result<void>> writeBody(std::string_view bytes);
    Task<Result<void>> endBody();
    /// Server-Sent Events: startBody() with the right headers, then writeBody(encodeSse(…)).
    Task<Result<void>> startEvents();

    Task<Result<WebSocket>> acceptWebSocket();

    /// Returns when the peer has gone away; for answers that wait for something else.
    Task<void> waitClosed();

    /// Answer with "Connection: close" from here on.
    void closeAfterwards();
    /// Whether another request may follow on this connection. False before an answer.
    bool keepsAlive() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// BadRequest for a text of more values than any message has: parsed, small ones take forty times
/// the room of their text.
Result<void> checkValueCount(std::string_view json);

/// Of a request that needs no body: an empty one, or an empty object, is none. BadRequest.
Task<Result<void>> readNoBody(ServerConnection& connection);

/// The whole body as a message.
template<class T>
Task<Result<T>> readJson(ServerConnection& connection)
{
    const Result<std::string> body = co_await connection.readBody();
    if (!body)
        co_return std::unexpected(body.error());
    if (const Result<void> checked = checkValueCount(*body); !checked)
        co_return std::unexpected(checked.error());
    co_return fromJson<T>(*body);
}

} // namespace caisson::api
