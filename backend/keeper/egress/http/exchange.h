// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/keeper/egress/stream.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// One HTTP request and its answer, whatever version carries it. Both servers (towards the sandbox)
/// and both clients (towards origins) speak in these terms; the proxy between them knows no version.
namespace caisson::keeper::http {

/// Names in lower case. Fields of one hop (RFC 9110, 7.6.1: connection and what it names,
/// keep-alive, proxy-*, te except "trailers", transfer-encoding, upgrade) are not in it, nor are
/// host, content-length and HTTP/2's pseudo-fields.
using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string* findField(const Fields& fields, std::string_view name);
void removeField(Fields& fields, std::string_view name);

enum class Version { Http1, Http2 };

struct RequestHead
{
    Version version = Version::Http1; ///< it came in
    std::string method;
    std::string authority; ///< Host or :authority as sent; empty: none (HTTP/1.0)
    std::string target;    ///< path and query as sent; "*" for OPTIONS
    Fields fields;
    std::optional<std::uint64_t> length; ///< content-length, if said
    bool hasBody = false;
    std::string upgrade; ///< "websocket" if an HTTP/1 Upgrade asks for that; empty: nothing
};

struct ResponseHead
{
    Version version = Version::Http1;
    int status = 0;
    Fields fields;
    std::optional<std::uint64_t> length; ///< content-length, if said
    bool hasBody = true; ///< false: 204, 304, to HEAD, or an empty one that is known to be
};

/// The bytes of a message as they come. Nothing is read ahead beyond one buffer or flow-control
/// window, so whoever does not call next() holds the sender up.
class Body
{
public:
    virtual ~Body() = default;
    /// The next bytes, valid until the next call; empty: that was all. A message that breaks off or
    /// is malformed is an error.
    virtual api::Task<Result<std::span<const char>>> next() = 0;
    /// Whether next() would return without waiting, as far as is known.
    virtual bool isReady() const { return false; }
    /// After the end.
    virtual const Fields& trailers() const = 0;
};

/// Where an answer goes. Calls in this order: inform()*, then head(), then write()* and finish().
/// An error means that who asked has gone.
class Responder
{
public:
    virtual ~Responder() = default;
    /// An interim answer: 100, 102, 103.
    virtual api::Task<Result<void>> inform(const ResponseHead& head) = 0;
    /// `head.hasBody == false` ends the answer; finish() must not be called.
    virtual api::Task<Result<void>> head(const ResponseHead& head) = 0;
    virtual api::Task<Result<void>> write(std::span<const char> bytes) = 0;
    virtual api::Task<Result<void>> finish(const Fields& trailers) = 0;
    /// What is little may be kept back so that it travels together with what follows. Whoever has
    /// nothing more just now sends it on its way with this.
    virtual api::Task<Result<void>> flush() { co_return Result<void>{}; }
    /// Before head(): the connection carries no request after this one.
    virtual void closeAfter() {}
    /// Breaks the answer off so that it cannot be taken for a whole one (RST_STREAM, a closed
    /// connection). Also stops whoever waits in a call above or in the request's body.
    virtual void abort() = 0;
    /// HTTP/1 only, after a 101 (sent by head()) or a 2xx to CONNECT: the bytes from here on.
    virtual Stream* takeOver() = 0;
    /// Whether the one who asked is still there; wait returns once it is not. For requests that
    /// are held.
    virtual bool isGone() const = 0;
    virtual api::Task<void> waitGone() = 0;
};

/// Answers one request. It has consumed the body or aborted when it returns.
using Handler = std::function<api::Task<void>(RequestHead&, Body&, Responder&)>;

/// One request on its way to an origin: sendHead(), then the body, while response() is awaited;
/// then the answer's body. Destroying it before its end breaks it off.
class UpstreamExchange
{
public:
    virtual ~UpstreamExchange() = default;
    /// `scheme` "http" or "https". Without a body this is all that is sent.
    virtual api::Task<Result<void>> sendHead(const RequestHead& head, std::string_view scheme) = 0;
    virtual api::Task<Result<void>> sendBody(std::span<const char> bytes) = 0;
    virtual api::Task<Result<void>> finishBody(const Fields& trailers) = 0;
    /// The next head: interim ones (1xx but 101) first.
    virtual api::Task<Result<ResponseHead>> response() = 0;
    virtual Body& body() = 0;
    virtual void abort() = 0;
    /// After a 101: the bytes from here on, valid as long as the exchange.
    virtual Stream* takeOver() = 0;
    /// Whether nothing of the request was seen by the origin, so that it may be sent once more on
    /// another connection (RFC 9110, 9.2.2; RFC 9113, 8.7): a kept connection that was just closed.
    virtual bool mayRetry() const = 0;
};

/// A connection to an origin on which requests may go, one after another or (HTTP/2) side by side.
class UpstreamConnection
{
public:
    virtual ~UpstreamConnection() = default;
    virtual Version version() const = 0;
    /// Whether one more request may begin now.
    virtual bool hasRoom() const = 0;
    virtual bool isOpen() const = 0;
    virtual bool isIdle() const = 0; ///< no request is on it
    virtual std::unique_ptr<UpstreamExchange> open() = 0;
    virtual void close() = 0;
};

/// So long a connection of HTTP/1 is kept for a head that has begun, and without one. Shorter in tests.
struct Http1Patience
{
    std::chrono::milliseconds head{30'000};
    std::chrono::milliseconds idle{180'000};
};

/// So long a connection of HTTP/2 is kept for nothing: until its client's first frame, and without
/// a request. Shorter in tests.
struct Http2Patience
{
    std::chrono::milliseconds preface{10'000};
    std::chrono::milliseconds idle{180'000};
};

/// Serves requests on a connection from inside until it ends. HTTP/1: one after another. HTTP/2:
/// side by side, at most 128. The Stream outlives the call. `onMalformed`: a head was refused that
/// no Handler sees; Protocol: HTTP/2 reset it without an answer; Timeout: HTTP/1 did, as it did not come
/// whole.
api::Task<void> serveHttp1(Stream& stream, std::string alreadyRead, Handler handler,
                           std::function<void(const Error&)> onMalformed = {},
                           Http1Patience patience = {});
api::Task<void> serveHttp2(Stream& stream, std::string alreadyRead, Handler handler,
                           Http2Patience patience = {},
                           std::function<void(const Error&)> onMalformed = {});

/// `onChange` is called when room or state may have changed (a request ended, the peer closed).
std::shared_ptr<UpstreamConnection> makeHttp1Upstream(std::unique_ptr<Stream> stream,
                                                      std::function<void()> onChange);
std::shared_ptr<UpstreamConnection> makeHttp2Upstream(std::unique_ptr<Stream> stream,
                                                      std::function<void()> onChange);

} // namespace caisson::keeper::http
