// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/captured_flow.h"

#include "backend/keeper/egress/relay.h"
#include "backend/keeper/egress/tls/client_hello.h"
#include "backend/policy/host_name.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
/// A client that speaks first does so at once, since its connection was made without a round trip;
/// one that has said nothing for so long waits for the server.
constexpr auto kServerFirst = 250ms;
/// The same where the answer is no anyway: refusals are quick.
constexpr auto kRefusedFirst = 40ms;
/// On the web's ports everybody speaks first, if perhaps late: browsers connect before they need to.
constexpr auto kWebPatience = 60s;
/// For the rest of a ClientHello or a request's first line.
constexpr auto kRestPatience = 10s;
/// A ClientHello with large post-quantum keys takes 2 KiB; a request's head 64.
constexpr std::size_t kMostSniffed = 64 * 1024;

constexpr std::uint8_t kAccessDenied = 49;      // RFC 8446, 6.2
constexpr std::uint8_t kUnrecognizedName = 112; // RFC 6066, 3
constexpr std::uint8_t kDecodeError = 50;

bool isWebPort(std::uint16_t port)
{
    return port == 80 || port == 443;
}

} // namespace

CapturedFlow::CapturedFlow(AirlockParts& parts, TcpSocket socket, RequestOrigin origin,
                           std::string alreadyRead)
    : m_parts(parts)
    , m_socket(std::move(socket))
    , m_origin(std::move(origin))
    , m_read(std::move(alreadyRead))
{
}

Wanted CapturedFlow::wantedStream(policy::Protocol protocol) const
{
    return {protocol, m_origin.host, m_origin.port, "", ""};
}

/// A head that is refused before anybody can decide on it has its row, too.
std::function<void(const Error&)> CapturedFlow::malformedTo(RequestLog& log) const
{
    return [this, &log](const Error& error) {
        LogRow row(log, m_origin.asker);
        row.take(Wanted{m_origin.protocol, m_origin.host, m_origin.port, "", ""});
        row.refuse(error.message);
        row.entry.status = error.code == ErrorCode::HeadTooLarge ? 431 : 400;
    };
}

void CapturedFlow::reset()
{
    boost::system::error_code ignored;
    m_socket.set_option(api::asio::socket_base::linger(true, 0), ignored);
    m_socket.close(ignored);
}

Task<CapturedFlow::Waited> CapturedFlow::readSome(std::chrono::milliseconds limit)
{
    if (m_hasEnded)
        co_return Waited::Ended;
    std::array<char, 4096> room;
    const auto outcome =
        co_await (m_socket.async_read_some(api::asio::buffer(room), kTuple) || api::sleepFor(limit));
    if (outcome.index() == 1)
        co_return Waited::Silence;
    const auto [code, size] = std::get<0>(outcome);
    if (code) {
        m_hasEnded = true;
        co_return Waited::Ended;
    }
    m_read.append(room.data(), size);
    co_return Waited::Bytes;
}

/// What the connection speaks; Unsure: nothing has come.
Task<Speech> CapturedFlow::listen(std::chrono::milliseconds patience)
{
    for (;;) {
        const Speech speech = speechOf(m_read);
        if (speech != Speech::Unsure)
            co_return speech;
        if (m_read.size() >= kMostSniffed)
            co_return speechSoFar(m_read);
        switch (co_await readSome(m_read.empty()                ? patience
                                  : isWebPort(m_origin.port) ? std::chrono::milliseconds(kRestPatience)
                                                             : kServerFirst)) {
        case Waited::Bytes:
            break;
        case Waited::Silence:
            co_return speechSoFar(m_read);
        case Waited::Ended: // it can become nothing more
            co_return m_read.empty() ? Speech::Unsure : Speech::Other;
        }
    }
}

Task<void> CapturedFlow::run()
{
    const auto stream =
        m_parts.gate.look(wantedStream(policy::Protocol::Tcp), m_origin.asker).action;
    const std::chrono::milliseconds patience = isWebPort(m_origin.port) ? kWebPatience
                                               : stream == policy::Action::Deny
                                                   ? std::chrono::milliseconds(kRefusedFirst)
                                                   : kServerFirst;
    co_await speak(co_await listen(patience));
}

Task<void> CapturedFlow::speak(Speech speech)
{
    switch (speech) {
    case Speech::Tls:
        co_await serveTls();
        break;
    case Speech::Http1:
    case Speech::Http2:
        m_origin.protocol = policy::Protocol::Http;
        co_await serveHttp(speech);
        break;
    case Speech::Other:
        co_await serveStream();
        break;
    case Speech::Unsure:
        // Opened ahead and never used, or gone. Who only looks what answers is written down, too.
        if (m_hasEnded || isWebPort(m_origin.port)) {
            const Wanted wanted = wantedStream(policy::Protocol::Tcp);
            if (auto [action, pass] = m_parts.gate.look(wanted, m_origin.asker);
                action == policy::Action::Deny && !isWebPort(m_origin.port)) {
                LogRow row(m_parts.log, m_origin.asker);
                row.take(wanted);
                row.take(pass);
            }
            reset();
        } else
            co_await serveStream();
        break;
    }
}

Task<void> CapturedFlow::serveHttp(Speech speech)
{
    const auto stream = makeTcpStream(std::move(m_socket));
    RequestProxy proxy(m_parts, m_origin);
    const http::Handler handler = [&proxy](auto& head, auto& body, auto& responder) {
        return proxy.serve(head, body, responder);
    };
    if (speech == Speech::Http2)
        co_await http::serveHttp2(*stream, std::move(m_read), handler);
    else
        co_await http::serveHttp1(*stream, std::move(m_read), handler, malformedTo(m_parts.log));
}

Task<void> CapturedFlow::refuseTls(std::uint8_t alert)
{
    const std::string record = tlsAlert(alert);
    std::ignore = co_await api::asio::async_write(m_socket, api::asio::buffer(record), kTuple);
    boost::system::error_code ignored;
    m_socket.shutdown(TcpSocket::shutdown_send, ignored);
    m_socket.close(ignored);
}

Task<void> CapturedFlow::serveTls()
{
    HelloOutcome outcome = parseClientHello(m_read);
    while (outcome.state == HelloState::Incomplete) {
        if (co_await readSome(kRestPatience) != Waited::Bytes)
            break;
        outcome = parseClientHello(m_read);
    }
    const Wanted wanted = wantedStream(policy::Protocol::Tls);
    const auto refused = [&](std::string why, std::uint8_t alert) -> Task<void> {
        {
            LogRow row(m_parts.log, m_origin.asker);
            row.take(wanted);
            row.refuse(std::move(why));
        }
        co_await refuseTls(alert);
    };
    if (outcome.state != HelloState::Complete) {
        co_await refused("its first bytes are no TLS ClientHello", kDecodeError);
        co_return;
    }
    const ClientHello& hello = outcome.hello;
    if (!hello.serverName.empty()) {
        const auto named = policy::canonicalHost(hello.serverName);
        if (!named || *named != m_origin.host) {
            co_await refused("its TLS server name is " + (named ? *named : "no name") + ", but " +
                                 m_origin.host + " was dialled",
                             kUnrecognizedName);
            co_return;
        }
    }
    if (m_parts.gate.isTunnelled(wanted, m_origin.asker)) {
        if (hello.hasEncryptedHello) {
            co_await refused("its TLS server name is encrypted, and a tunnel goes by the name",
                             kAccessDenied);
            co_return;
        }
        co_await tunnel();
        co_return;
    }
    Result<TlsOpened> opened =
        co_await m_parts.tls.accept(std::move(m_socket), std::move(m_read), m_origin.host);
    m_read.clear();
    if (!opened) {
        LogRow row(m_parts.log, m_origin.asker);
        row.take(wanted);
        const auto refusal = opened.error().detail.find("refusal");
        if (refusal != opened.error().detail.end() && refusal->second == "unknown_authority") {
            row.refuse("the client trusts only certificates of its own (it pins), so its TLS cannot "
                       "be opened; a tunnel rule for " +
                       m_origin.host + " would let it pass unopened");
            row.entry.flag = "pinned";
        } else {
            row.refuse("the TLS handshake failed: " + opened.error().message);
        }
        co_return;
    }
    co_await serveOpened(std::move(*opened));
}

namespace {

constexpr std::string_view kChangedMeanwhile =
    "the policy was changed, and would not let it pass now";

/// For a flow that is held: returns once its client has gone. What it says meanwhile is kept.
Task<void> untilClosed(Stream& stream, std::string& read)
{
    std::vector<char> room(4096);
    while (read.size() < kMostSniffed) {
        const Result<std::size_t> size = co_await stream.read(room);
        if (!size || *size == 0)
            co_return;
        read.append(room.data(), *size);
    }
    co_await api::sleepFor(std::chrono::hours(24));
}

/// TLS without ALPN: the first bytes tell. They are kept for whoever goes on.
Task<Speech> listenTo(Stream& stream, std::string& read, std::chrono::milliseconds patience)
{
    std::vector<char> room(4096);
    for (;;) {
        const Speech speech = speechOf(read);
        if (speech != Speech::Unsure)
            co_return speech;
        if (read.size() >= kMostSniffed)
            co_return speechSoFar(read);
        auto outcome = co_await (stream.read(room) ||
                                 api::sleepFor(read.empty() ? patience : kRestPatience));
        const Result<std::size_t>* size = std::get_if<0>(&outcome);
        if (!size)
            co_return speechSoFar(read);
        if (!*size || **size == 0)
            co_return read.empty() ? Speech::Unsure : Speech::Other;
        read.append(room.data(), **size);
    }
}

} // namespace

Task<void> CapturedFlow::serveOpened(TlsOpened opened)
{
    RequestProxy proxy(m_parts, m_origin);
    const http::Handler handler = [&proxy](auto& head, auto& body, auto& responder) {
        return proxy.serve(head, body, responder);
    };
    if (opened.alpn == Alpn::Http2) {
        co_await http::serveHttp2(*opened.stream, "", handler);
        co_return;
    }
    if (opened.alpn == Alpn::Http1) {
        co_await http::serveHttp1(*opened.stream, "", handler, malformedTo(m_parts.log));
        co_return;
    }
    std::string read;
    const Speech speech = co_await listenTo(
        *opened.stream, read, isWebPort(m_origin.port) ? std::chrono::milliseconds(kWebPatience)
                                                       : kServerFirst);
    if (speech == Speech::Http1 || speech == Speech::Http2) {
        if (speech == Speech::Http1)
            co_await http::serveHttp1(*opened.stream, std::move(read), handler,
                                      malformedTo(m_parts.log));
        else
            co_await http::serveHttp2(*opened.stream, std::move(read), handler);
        co_return;
    }

    // Another protocol inside TLS, opened on both sides.
    const Wanted wanted = wantedStream(policy::Protocol::Tls);
    LogRow row(m_parts.log, m_origin.asker);
    row.take(wanted);
    auto passed = co_await pass(wanted, row, untilClosed(*opened.stream, read));
    if (!passed) {
        opened.stream->cancel(Stream::Ending::Reset);
        co_return;
    }
    auto dialled = co_await dial(wanted, row, *passed);
    if (!dialled) {
        opened.stream->cancel(Stream::Ending::Reset);
        co_return;
    }
    Result<TlsOpened> outside = co_await m_parts.pool.openTls(
        std::move(dialled->socket), m_origin.host, m_origin.port, {});
    if (!outside || !m_parts.gate.mayGoOn(wanted, m_origin.asker, passed->grant)) {
        row.refuse(outside ? std::string(kChangedMeanwhile) : outside.error().message);
        opened.stream->cancel(Stream::Ending::Reset);
        co_return;
    }
    const Flows::Entry flow(m_parts.flows, wanted, m_origin.asker, passed->grant, [&] {
        opened.stream->cancel(Stream::Ending::Reset);
        outside->stream->cancel(Stream::Ending::Reset);
    });
    if (!read.empty() && !co_await outside->stream->write(read))
        co_return;
    row.entry.bytesOut += static_cast<std::int64_t>(read.size());
    co_await relay(*opened.stream, *outside->stream, row.entry.bytesOut, row.entry.bytesIn);
    if (flow.wasCut())
        row.refuse(std::string(kChangedMeanwhile));
}

/// For a flow that is held: returns once its client has gone. What it says meanwhile is kept.
Task<void> CapturedFlow::waitClosed()
{
    while (m_read.size() < kMostSniffed) {
        if (co_await readSome(std::chrono::hours(24)) == Waited::Ended)
            co_return;
    }
    co_await api::sleepFor(std::chrono::hours(24));
}

/// Decides a stream, asking if need be, and writes down what came of it; none: it does not pass.
Task<std::optional<Pass>> CapturedFlow::pass(const Wanted& wanted, LogRow& row, Task<void> gone)
{
    auto [action, decided] = m_parts.gate.decide(wanted, m_origin.asker);
    if (action == policy::Action::Ask)
        decided = co_await m_parts.gate.ask(std::move(decided), wanted, m_origin.asker,
                                            std::move(gone));
    row.take(decided);
    if (decided.verdict != Pass::Verdict::Allow)
        co_return std::nullopt;
    co_return decided;
}

/// Connects to where a stream goes; none: it does not, and the row says why.
Task<std::optional<Dialled>> CapturedFlow::dial(const Wanted& wanted, LogRow& row, Pass& passed)
{
    Result<Dialled> dialled = co_await m_parts.dialer.connect(
        m_origin.host, m_origin.port, passed.mayBePrivate ? Reach::PrivateToo : Reach::Public);
    if (!dialled) {
        row.refuse(dialled.error().message);
        co_return std::nullopt;
    }
    row.entry.address = dialled->address.toString();
    passed.grant.isPrivate = policy::isPrivate(dialled->address);
    // It was not among the flows while it was dialled.
    if (!m_parts.gate.mayGoOn(wanted, m_origin.asker, passed.grant)) {
        row.refuse(std::string(kChangedMeanwhile));
        co_return std::nullopt;
    }
    co_return std::move(*dialled);
}

/// Who speaks first? A client that only waited to be taken for a stream, before it was let pass or
/// after, is none.
Task<bool> CapturedFlow::isStream(const Wanted& wanted, LogRow& row, const Pass& passed,
                                  Dialled& dialled)
{
    if (m_read.empty()) {
        const Flows::Entry flow(m_parts.flows, wanted, m_origin.asker, passed.grant, [&] {
            boost::system::error_code ignored;
            m_socket.close(ignored);
            dialled.socket.close(ignored);
        });
        const auto first = co_await (
            m_socket.async_wait(api::asio::socket_base::wait_read, kTuple) ||
            dialled.socket.async_wait(api::asio::socket_base::wait_read, kTuple));
        if (first.index() == 1)
            co_return true;
    }
    const Speech speech = co_await listen(kRestPatience);
    if (speech == Speech::Other || speech == Speech::Unsure)
        co_return true;
    row.entry.why = "it waited, and then was no stream but TLS or HTTP; decided as such";
    co_await speak(speech);
    co_return false;
}

Task<void> CapturedFlow::serveStream()
{
    const Wanted wanted = wantedStream(policy::Protocol::Tcp);
    LogRow row(m_parts.log, m_origin.asker);
    row.take(wanted);
    auto passed = co_await pass(wanted, row, waitClosed());
    if (!passed) {
        reset();
        co_return;
    }
    auto dialled = co_await dial(wanted, row, *passed);
    if (!dialled) {
        reset();
        co_return;
    }
    if (!passed->grant.isTunnel && !co_await isStream(wanted, row, *passed, *dialled))
        co_return;
    if (!m_parts.gate.mayGoOn(wanted, m_origin.asker, passed->grant)) {
        row.refuse(std::string(kChangedMeanwhile));
        reset();
        co_return;
    }
    const auto inside = makeTcpStream(std::move(m_socket));
    const auto outside = makeTcpStream(std::move(dialled->socket));
    const Flows::Entry flow(m_parts.flows, wanted, m_origin.asker, passed->grant, [&] {
        inside->cancel(Stream::Ending::Reset);
        outside->cancel(Stream::Ending::Reset);
    });
    if (!m_read.empty() && !co_await outside->write(m_read))
        co_return;
    row.entry.bytesOut += static_cast<std::int64_t>(m_read.size());
    co_await relay(*inside, *outside, row.entry.bytesOut, row.entry.bytesIn,
                   m_hasEnded ? Inside::Finished : Inside::Writes);
    if (flow.wasCut())
        row.refuse(std::string(kChangedMeanwhile));
}

Task<void> CapturedFlow::tunnel()
{
    const Wanted wanted = wantedStream(policy::Protocol::Tls);
    LogRow row(m_parts.log, m_origin.asker);
    row.take(wanted);
    auto [action, passed] = m_parts.gate.decide(wanted, m_origin.asker);
    row.take(passed);
    passed.grant.isTunnel = true;
    auto dialled = co_await dial(wanted, row, passed);
    if (!dialled) {
        co_await refuseTls(kAccessDenied);
        co_return;
    }
    const auto inside = makeTcpStream(std::move(m_socket));
    const auto outside = makeTcpStream(std::move(dialled->socket));
    const Flows::Entry flow(m_parts.flows, wanted, m_origin.asker, passed.grant, [&] {
        inside->cancel(Stream::Ending::Reset);
        outside->cancel(Stream::Ending::Reset);
    });
    if (!co_await outside->write(m_read))
        co_return;
    row.entry.bytesOut += static_cast<std::int64_t>(m_read.size());
    co_await relay(*inside, *outside, row.entry.bytesOut, row.entry.bytesIn,
                   m_hasEnded ? Inside::Finished : Inside::Writes);
    if (flow.wasCut())
        row.refuse(std::string(kChangedMeanwhile));
}

} // namespace caisson::keeper
